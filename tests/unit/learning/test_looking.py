"""One step of the certificate: when it looks, and what another target changes."""

import dataclasses

import pytest

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import Reason, TrustState
from services.learning.certifying.certificate import Look
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.looking import alarm_if_due, follow_raised_target, look_if_due
from services.learning.certifying.trust import GradedCount, Policy, Standing, trust
from services.storage.evidence import OF_ONE_CONTACT

RIGHT, WRONG = Evidence("precio", 0.97, "precio"), Evidence("precio", 0.97, "envio")
POLICY = Policy()


def looked(
    rows: list[Evidence], before: Standing, policy: Policy, *, fresh: int, number: int, ever: int
) -> tuple[Look, Standing] | None:
    """The look at rows of which `ever` came before they aged, if it is due."""
    graded = GradedCount(len(rows), ever)
    return look_if_due(rows, before, policy, graded, fresh=fresh, number=number)


def certified() -> Standing:
    """What 130 right rows lead to."""
    found = looked([RIGHT] * 130, Standing(), POLICY, fresh=130, number=1, ever=130)
    assert found is not None
    assert found[1].state is TrustState.CERTIFIED
    return found[1]


def test_nothing_is_looked_at_until_half_as_much_is_new() -> None:
    assert looked([RIGHT] * 194, certified(), POLICY, fresh=64, number=2, ever=194) is None
    assert looked([RIGHT] * 195, certified(), POLICY, fresh=65, number=2, ever=195) is not None


def test_an_operator_who_trusts_nothing_unproven_gets_a_certificate_too() -> None:
    nothing, sure = dataclasses.replace(POLICY, threshold=1.0), Evidence("precio", 0.995, "precio")
    assert trust(Standing(), nothing, GradedCount(130, 130)).threshold == 1.0
    found = looked([sure] * 130, Standing(), nothing, fresh=130, number=1, ever=130)
    assert found is not None
    assert found[1].state is TrustState.CERTIFIED
    assert looked([sure] * 194, found[1], nothing, fresh=64, number=2, ever=194) is None


@pytest.mark.parametrize(("target", "enough"), [(0.87, True), (0.88, False), (0.95, False)])
def test_what_one_contact_alone_can_show(target: float, enough: bool) -> None:
    policy, rows = dataclasses.replace(POLICY, target=target), [RIGHT] * OF_ONE_CONTACT
    found = looked(rows, Standing(), policy, fresh=len(rows), number=1, ever=300)
    assert (found is not None) is enough


def test_a_student_is_refuted_by_what_it_acts_on_alone() -> None:
    """Its threshold is stricter than the operator's: what that holds back harms nobody."""
    held_back = [Evidence("precio", 0.9, "envio" if n % 3 else "precio") for n in range(200)]
    rows = [*held_back, *[RIGHT] * 60]
    found = looked(rows, Standing(provisional=0.95), POLICY, fresh=260, number=1, ever=400)
    assert found is not None
    assert found[0].state is TrustState.UNPROVEN
    found = looked(rows, Standing(), POLICY, fresh=260, number=1, ever=400)
    assert found is not None
    assert found[0].state is TrustState.REFUTED


def test_rows_that_a_lifted_rule_brings_back_are_looked_at_at_once() -> None:
    assert looked([RIGHT] * 130, certified(), POLICY, fresh=0, number=2, ever=130) is None
    assert looked([RIGHT] * 131, certified(), POLICY, fresh=0, number=2, ever=131) is not None


def test_an_easier_target_is_looked_at_at_once() -> None:
    easier = dataclasses.replace(POLICY, target=0.9)
    found = looked([RIGHT] * 130, certified(), easier, fresh=0, number=2, ever=130)
    assert found is not None
    look, standing = found
    assert (look.state, look.target, standing.target) == (TrustState.CERTIFIED, 0.9, 0.9)


def test_a_harder_target_waits_for_rows_and_costs_the_certificate_nothing_until_then() -> None:
    harder, before = dataclasses.replace(POLICY, target=0.99), certified()
    # 99 % takes more rows.
    assert looked([RIGHT] * 400, before, harder, fresh=270, number=2, ever=400) is None
    assert trust(before, harder, GradedCount(130, 130)).state is TrustState.UNPROVEN
    assert trust(before, POLICY, GradedCount(130, 130)).state is TrustState.CERTIFIED
    found = looked([RIGHT] * 900, before, harder, fresh=770, number=2, ever=900)
    assert found is not None
    assert (found[0].state, found[1].target) == (TrustState.CERTIFIED, 0.99)


def test_a_lowered_target_lowers_no_threshold_of_an_unproven_student() -> None:
    """It was chosen in the first phase, and nothing has noted it since that ended."""
    before = Standing(target=0.98, provisional=0.99)
    easier = dataclasses.replace(POLICY, target=0.93)
    rows = [Evidence("precio", 0.85, "precio" if n % 25 else "envio") for n in range(200)]
    found = looked(rows, before, easier, fresh=0, number=1, ever=400)
    assert found is not None
    look, standing = found
    assert look.state is TrustState.UNPROVEN
    assert (standing.provisional or 1) < 0.9, "chosen anew"
    assert trust(standing, easier, GradedCount(200, 400)).threshold == 0.99


def test_few_rows_for_an_easier_target_leave_the_certificate() -> None:
    easier = dataclasses.replace(POLICY, target=0.9)
    assert looked([RIGHT] * 70, certified(), easier, fresh=0, number=2, ever=130) is None
    # Most of it has aged.
    found = looked([RIGHT] * 45, certified(), easier, fresh=0, number=2, ever=130)
    assert found is not None
    assert found[1].certified == certified().certified


def test_a_certificate_stands_as_long_as_its_rows_could_show_it() -> None:
    found = looked([RIGHT] * 100, certified(), POLICY, fresh=80, number=2, ever=210)
    assert found is not None
    look, standing = found
    assert (look.state, standing.certified) == (TrustState.CERTIFIED, certified().certified)
    assert (
        look.why
        == "100 of the 100 rows left agree with their labels at 30%: the certificate stands"
    )
    assert looked([RIGHT] * 100, standing, POLICY, fresh=49, number=3, ever=259) is None


def test_half_as_much_is_counted_at_the_threshold_that_was_certified() -> None:
    unsure = [Evidence("precio", 0.7, "precio")] * 400
    found = looked([*unsure, *[RIGHT] * 130], Standing(), POLICY, fresh=530, number=1, ever=530)
    assert found is not None
    assert found[1].looked_at == 530
    assert looked([*unsure, *[RIGHT] * 195], found[1], POLICY, fresh=65, number=2, ever=595) is None


def test_another_target_has_a_threshold_chosen_anew() -> None:
    rows = [RIGHT, RIGHT, RIGHT, RIGHT, WRONG] * 100
    standing = Standing(target=0.8, provisional=0.3, looked_at=500)
    found = looked(rows, standing, POLICY, fresh=0, number=1, ever=500)
    assert found is not None
    assert found[1].provisional == 0.995, "no threshold reaches 95 % on these rows"


def test_an_unproven_student_acts_by_a_raised_target_before_anything_is_looked_at() -> None:
    rows, enough = [*[RIGHT] * 28, WRONG, WRONG], GradedCount(30, 400)
    before = Standing(target=0.8, provisional=0.3, floor=0.8)
    raised = follow_raised_target(rows, before, POLICY, enough)
    assert raised is not None
    assert trust(raised, POLICY, enough).threshold == 0.995
    assert follow_raised_target(rows, raised, POLICY, enough) is None, "once"
    assert follow_raised_target(rows[:29], before, POLICY, enough) is None, "too few to choose by"


@pytest.mark.parametrize("then", ["more", "as many", "fewer"])
def test_rows_that_no_look_has_tested_are_looked_at_at_once(then: str) -> None:
    """Whatever has aged meanwhile: of a lifted rule's rows nothing was shown."""
    kept_out = dataclasses.replace(WRONG, said="envio", teacher="pago", rule=Reason.ALWAYS_ASK)
    rows = [*[RIGHT] * 130, *[kept_out] * 40]
    found = looked(rows, Standing(), POLICY, fresh=170, number=1, ever=170)
    assert found is not None
    assert found[1].state is TrustState.CERTIFIED
    assert looked(rows, found[1], POLICY, fresh=0, number=2, ever=170) is None
    back = [dataclasses.replace(row, rule=None) for row in rows]
    left = {"more": back, "as many": back[40:], "fewer": back[60:]}[then]
    seen = looked(left, found[1], POLICY, fresh=0, number=2, ever=170)
    assert seen is not None
    assert seen[1].state is not TrustState.CERTIFIED


def test_a_certificate_that_stands_does_so_until_rows_come_or_go() -> None:
    """85 rows without an error show 95 % at the level of the second look, not at the third's."""
    before = dataclasses.replace(certified(), looked_at=124, rows=124, right=124)
    found = looked([RIGHT] * 85, before, POLICY, fresh=43, number=2, ever=400)
    assert found is not None
    assert found[1].state is TrustState.CERTIFIED
    assert looked([RIGHT] * 85, found[1], POLICY, fresh=0, number=3, ever=400) is None
    gone = looked([RIGHT] * 79, found[1], POLICY, fresh=0, number=3, ever=400)
    assert gone is not None
    assert gone[1].state is TrustState.UNPROVEN


def test_under_a_fixed_threshold_nothing_is_looked_at() -> None:
    """A look could only refute, and throw the evidence away that a certificate needs later."""
    fixed = dataclasses.replace(POLICY, fixed=True, threshold=0.5)
    rows = [*[WRONG] * 200, *[RIGHT] * 200]
    assert looked(rows, Standing(), fixed, fresh=400, number=1, ever=400) is None
    assert looked(rows, Standing(), POLICY, fresh=400, number=1, ever=400) is not None
    before = Standing(target=0.8, provisional=0.3, floor=0.8)
    assert follow_raised_target(rows, before, fixed, GradedCount(400, 400)) is None


def test_a_threshold_for_a_raised_target_is_chosen_by_what_a_threshold_decides() -> None:
    """What an operator has decided tells nothing of it; what is named out of scope does."""
    before, enough = Standing(target=0.8, provisional=0.3, floor=0.8), GradedCount(80, 400)
    asked = dataclasses.replace(RIGHT, rule=Reason.ALWAYS_ASK)
    strange = dataclasses.replace(RIGHT, said=OUT_OF_SCOPE, rule=Reason.OUT_OF_SCOPE)
    assert follow_raised_target([*[RIGHT] * 29, *[asked] * 50], before, POLICY, enough) is None
    assert follow_raised_target([*[RIGHT] * 29, strange], before, POLICY, enough) is not None


def test_only_an_unproven_student_has_a_threshold_chosen_for_a_raised_target() -> None:
    for state in (TrustState.REFUTED, TrustState.CERTIFIED):
        before = Standing(state=state, target=0.8, provisional=0.3, floor=0.8)
        assert follow_raised_target([RIGHT] * 60, before, POLICY, GradedCount(60, 400)) is None


def test_a_raised_target_lowers_no_threshold_and_an_easier_one_changes_nothing() -> None:
    before, enough = Standing(target=0.9, provisional=0.97), GradedCount(300, 400)
    raised = follow_raised_target([RIGHT] * 300, before, POLICY, enough)
    assert raised is not None
    assert trust(raised, POLICY, enough).threshold == 0.97
    easier = dataclasses.replace(POLICY, target=0.85)
    assert follow_raised_target([RIGHT] * 300, before, easier, enough) is None


def test_a_certificate_ends_with_its_evidence_and_drift_is_seen() -> None:
    found = looked([], certified(), POLICY, fresh=0, number=1, ever=130)
    assert found is not None
    assert found[1].state is TrustState.UNPROVEN
    assert looked([], found[1], POLICY, fresh=0, number=1, ever=130) is None, "said once"
    drifted = looked([RIGHT, WRONG] * 50, certified(), POLICY, fresh=100, number=1, ever=230)
    assert drifted is not None
    assert drifted[1].state is TrustState.REFUTED


def test_a_low_certified_threshold_rests_on_its_own_rows() -> None:
    """A student that is right and rarely sure: at the operator's own threshold there are few."""
    rows = [RIGHT] * 50 + [Evidence("precio", 0.6, "precio")] * 250
    found = looked([RIGHT] * 130 + rows, Standing(), POLICY, fresh=430, number=1, ever=430)
    assert found is not None
    assert found[1].certified is not None
    assert found[1].certified <= 0.6
    for left in (rows, rows[50:]):
        assert looked(left, found[1], POLICY, fresh=0, number=2, ever=430) is None


def test_no_alarm_is_raised_of_a_student_that_does_not_act_yet() -> None:
    """While everything is still drawn it has nothing that could be taken away."""
    errors = [RIGHT] * 100 + [WRONG] * 10
    assert alarm_if_due(errors, Standing(), POLICY, GradedCount(110, POLICY.first - 1)) is None
    acts = GradedCount(110, POLICY.first)
    refuted = alarm_if_due(errors, Standing(), POLICY, acts)
    assert refuted is not None
    assert (refuted.state, refuted.target) == (TrustState.REFUTED, POLICY.target)
    assert alarm_if_due(errors, refuted, POLICY, acts) is None, "once"
    fixed = dataclasses.replace(POLICY, fixed=True)
    alone = dataclasses.replace(POLICY, has_teacher=False)
    for other in (fixed, alone):
        assert alarm_if_due(errors, Standing(), other, acts) is None
