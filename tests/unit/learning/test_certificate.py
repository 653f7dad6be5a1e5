"""The certificate in worlds whose truth is known."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import Basis, TrustState
from services.learning.certifying.bounds import lower_bound
from services.learning.certifying.certificate import GRID, Look, is_due, level_of, look
from services.learning.certifying.checked import precision_bound
from services.learning.certifying.evidence import Evidence

TARGET, DELTA = 0.95, 0.1
WORLDS = 400


def graded(sure: float, right: bool) -> Evidence:
    """A turn of which the student was so sure."""
    return Evidence("precio", sure, "precio" if right else "envio")


def turns(count: int, share_right: float, dealer: np.random.Generator) -> list[Evidence]:
    """Turns on which confidence means nothing: at every threshold the same share is right."""
    sure = dealer.uniform(0.5, 1.0, count)
    right = dealer.uniform(size=count) < share_right
    return [graded(float(each), bool(hit)) for each, hit in zip(sure, right, strict=True)]


def looks(evidence: list[Evidence], threshold: float = 0.8) -> Iterator[Look]:
    """Every look that a shop takes while its evidence grows, turn by turn."""
    number, looked_at, sure, fresh = 1, 0, 0, 0
    for end, row in enumerate(evidence, 1):
        sure += row.tested_confidence >= threshold
        fresh += row.tested_confidence >= threshold
        level = level_of(number, DELTA)
        if not is_due(sure, fresh, looked_at, target=TARGET, level=level):
            continue
        seen = look(evidence[:end], target=TARGET, level=level, in_force=threshold, number=number)
        if seen is not None:
            number, looked_at, fresh = number + 1, sure, 0
            yield seen


@pytest.mark.parametrize("truth", [0.94, 0.949])
def test_worlds_just_under_the_target_are_certified_no_more_often_than_delta(truth: float) -> None:
    """Every certificate here is a false one, and every shop looks again and again."""
    dealer = np.random.default_rng(7)
    worlds = [list(looks(turns(600, truth, dealer))) for _ in range(WORLDS)]
    false = sum(any(each.state is TrustState.CERTIFIED for each in world) for world in worlds)
    assert min(len(world) for world in worlds) >= 2
    assert false / WORLDS <= DELTA
    assert false > 0, "worlds so near the target must sometimes pass, or nothing is tested"


def test_a_threshold_is_never_certified_that_lets_through_what_is_often_wrong() -> None:
    """Sure turns are right, unsure ones are not: the walk must end between the two."""
    dealer = np.random.default_rng(8)
    false = 0
    for _ in range(WORLDS):
        good = [graded(float(sure), True) for sure in dealer.uniform(0.9, 1.0, 300)]
        bad = [graded(float(sure), dealer.uniform() < 0.5) for sure in dealer.uniform(0.6, 0.9, 90)]
        seen = look(good + bad, target=TARGET, level=DELTA, in_force=0.8)
        assert seen is not None
        assert seen.threshold is not None
        accepted_bad = 90 * max(0.0, 0.9 - seen.threshold) / 0.3
        false += (300 + accepted_bad * 0.5) / (300 + accepted_bad) < TARGET
    assert false / WORLDS <= DELTA


def test_a_student_that_is_right_is_certified_from_the_rows_that_the_docs_name() -> None:
    evidence = [graded(0.995, True)] * 122 + [graded(0.995, False)]
    assert look(evidence, target=TARGET, level=0.05, in_force=0.8) is None
    seen = look([*evidence, graded(0.995, False)], target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert (seen.state, seen.threshold, seen.rows, seen.right) == (
        TrustState.CERTIFIED, min(GRID), 124, 122,
    )  # fmt: skip
    assert seen.bound >= TARGET


def test_rows_that_were_named_out_of_scope_are_never_accepted() -> None:
    evidence = [Evidence("__oos__", 1.0, "__oos__")] * 500
    assert look(evidence, target=TARGET, level=0.05, in_force=0.8) is None


def test_a_student_that_misses_the_target_where_it_acts_is_refuted() -> None:
    evidence = [graded(0.995, place % 5 > 0) for place in range(200)]
    seen = look(evidence, target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert (seen.state, seen.threshold) == (TrustState.REFUTED, None)
    assert seen.why == "160 of 200 rows agree with their labels at 80%: too few for 95%"


def test_two_tests_that_may_refute_share_the_level() -> None:
    """Once people have checked, their word may refute too, so that each test has half of it."""
    wrong = [graded(0.995, right=False)] * 14
    unchecked = look(
        [*wrong, *[graded(0.995, right=True)] * 146], target=TARGET, level=0.05, in_force=0.8
    )
    checked = look([*wrong, *agreements(1, 0, 145)], target=TARGET, level=0.05, in_force=0.8)
    assert unchecked is not None
    assert checked is not None
    assert (unchecked.state, checked.state) == (TrustState.REFUTED, TrustState.UNPROVEN)


def test_what_is_neither_shown_nor_excluded_stays_unproven() -> None:
    evidence = [graded(0.995, place % 25 > 0) for place in range(150)]
    seen = look(evidence, target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert seen.state is TrustState.UNPROVEN


def test_all_looks_together_spend_no_more_than_delta() -> None:
    assert level_of(1, DELTA) == DELTA / 2
    assert sum(level_of(number, DELTA) for number in range(1, 10_000)) < DELTA


def test_looks_come_with_enough_rows_and_then_with_half_as_many_again() -> None:
    level = level_of(1, DELTA)
    assert not is_due(123, 123, 0, target=TARGET, level=level)
    assert is_due(124, 124, 0, target=TARGET, level=level)
    assert not is_due(185, 61, 124, target=TARGET, level=level)
    assert is_due(186, 62, 124, target=TARGET, level=level)


def test_a_certificate_is_looked_at_with_fewer_rows_too() -> None:
    def due(certified: int, fresh: int) -> bool:
        level = level_of(1, DELTA)
        return is_due(90, fresh, 124, target=TARGET, level=level, certified=certified)

    assert due(58, 0), "not even 58 right rows could show it"
    assert not due(59, 44)
    assert due(59, 45), "half of what is left is new"


def test_a_certificate_ends_when_its_rows_have_left_the_window() -> None:
    evidence = [graded(0.995, True)] * 30
    seen = look(evidence, target=TARGET, level=0.05, in_force=0.8, certified=0.8)
    assert seen is not None
    assert (seen.state, seen.threshold) == (TrustState.UNPROVEN, None)
    assert seen.why == (
        "30 of the 30 rows left agree with their labels at 80%: too few to show 95%"
    )
    none = look([], target=TARGET, level=0.05, in_force=0.8, certified=0.8)
    assert none is not None
    assert none.state is TrustState.UNPROVEN


def test_few_new_rows_refute_what_was_certified() -> None:
    evidence = [graded(0.995, place % 2 > 0) for place in range(100)]
    seen = look(evidence, target=TARGET, level=0.05, in_force=0.8, certified=0.8)
    assert seen is not None
    assert seen.state is TrustState.REFUTED


def test_a_persons_label_outranks_the_teachers_and_two_voices_outrank_one() -> None:
    assert not Evidence("precio", 0.9, "envio").right
    assert Evidence("precio", 0.9, "envio", second="precio").right
    assert not Evidence("precio", 0.9, "envio", second="pago").right
    assert Evidence("precio", 0.9, "envio", person="precio").right
    assert not Evidence("precio", 0.9, "precio", person="envio").right


def test_a_teacher_too_often_wrong_to_show_the_target_is_named() -> None:
    """The student is right; people found that it is the teacher who errs, in one turn of four."""
    wrong = [Evidence("precio", 0.99, "envio", person="precio")] * 20
    right = [Evidence("precio", 0.99, "precio", person="precio")] * 60
    unchecked = [graded(0.99, place % 4 > 0) for place in range(80)]
    seen = look(wrong + right + unchecked, target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert seen.state is not TrustState.CERTIFIED
    assert seen.why.endswith(
        "the teacher itself was right in 60 of 80 turns that people checked, so its labels cannot "
        "show 95%"
    )


def agreements(confirmed: int, denied: int, unchecked: int = 0) -> list[Evidence]:
    """Sure turns on which student and teacher agree, of which people have checked some."""
    return [
        *[Evidence("precio", 0.995, "precio", person="precio")] * confirmed,
        *[Evidence("precio", 0.995, "precio", person="envio")] * denied,
        *[Evidence("precio", 0.995, "precio")] * unchecked,
    ]


def test_once_people_have_checked_enough_the_bound_is_on_precision() -> None:
    few = look(agreements(40, 0, 400), target=TARGET, level=0.05, in_force=0.8)
    enough = look(agreements(150, 0, 400), target=TARGET, level=0.05, in_force=0.8)
    assert few is not None
    assert enough is not None
    assert (few.state, few.basis) == (TrustState.CERTIFIED, Basis.AGREEMENT)
    assert (enough.state, enough.basis) == (TrustState.CERTIFIED, Basis.PRECISION)
    assert TARGET <= enough.bound < few.bound
    assert enough.why == (
        "550 of 550 rows agree with their labels at 30%, and people confirmed 150 of 150: at "
        "least 96.9% with 95.0% certainty"
    )


def test_agreement_certifies_nothing_that_people_have_shown_to_be_wrong() -> None:
    seen = look(agreements(32, 8, 960), target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert (seen.state, seen.threshold) == (TrustState.REFUTED, None)
    assert seen.bound >= TARGET, "the agreement alone would pass"
    assert "but people confirmed 32 of 40 of these agreements: too few for 95%" in seen.why


def test_each_basis_is_walked_to_its_own_first_failure() -> None:
    """Agreement fails at the first threshold; that precision passes it gives no second chance."""
    often_denied = [Evidence("precio", 0.995, "envio")] * 12
    seen = look(agreements(150, 0, 50) + often_denied, target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert seen.state is not TrustState.CERTIFIED
    assert [step.basis for step in seen.steps] == [Basis.PRECISION, Basis.AGREEMENT]


@given(
    confirmed=st.integers(1, 500),
    denied=st.integers(0, 50),
    unchecked=st.integers(0, 500),
    disputed=st.integers(0, 50),
    level=st.floats(0.001, 0.1),
)
def test_rows_show_no_more_precision_than_agreement(
    confirmed: int, denied: int, unchecked: int, disputed: int, level: float
) -> None:
    rows = agreements(confirmed, denied, unchecked) + [graded(0.995, right=False)] * disputed
    agreement = lower_bound(sum(row.right for row in rows), len(rows), level)
    assert (precision_bound(rows, level) or 1.0) <= agreement


def test_what_a_second_answer_settled_is_no_check_of_an_agreement() -> None:
    disputed = [Evidence("precio", 0.995, "envio", second="precio", person="precio")] * 200
    seen = look(disputed, target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert (seen.state, seen.basis) == (TrustState.CERTIFIED, Basis.AGREEMENT)


def test_disputes_that_people_settled_do_not_speak_for_all_of_the_teachers_labels() -> None:
    """People see every dispute and few of the agreements: 20 errors in 1,000 labels are few."""
    disputes = [Evidence("precio", 0.5, "envio", person="precio")] * 20
    unsure = [graded(0.99, place % 10 > 0) for place in range(900)]
    seen = look(agreements(48, 0, 32) + disputes + unsure, target=TARGET, level=0.05, in_force=0.8)
    assert seen is not None
    assert "the teacher itself" not in seen.why


def test_a_threshold_between_two_percents_is_said_as_it_is() -> None:
    strict = [graded(0.88, True)] * 130 + [graded(0.86, False)] * 60
    seen = look(strict, target=TARGET, level=0.05, in_force=0.9)
    assert seen is not None
    assert seen.threshold == 0.875
    assert "at 87.5%" in seen.why
