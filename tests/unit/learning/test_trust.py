"""What may be answered alone: the states, the operator's rules, and what moves a threshold."""

import dataclasses

import pytest

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import Basis, Reason, TrustState
from services.learning.certifying.certificate import Look
from services.learning.certifying.drawing import is_drawn, share_to_draw
from services.learning.certifying.trust import (
    GradedCount,
    Policy,
    Standing,
    Trust,
    after_look,
    after_promotion,
    judge,
    trust,
)
from services.learning.student import Guess, Prediction

POLICY = Policy(harmless=frozenset({"saludo"}))
GRADED = GradedCount(POLICY.first, POLICY.first)
FEW = GradedCount(10, 10)


def says(intent: str, confidence: float, second: float = 0.0) -> Prediction:
    """A prediction whose runner-up is so likely."""
    return Prediction(intent, confidence, (Guess("otra", second),))


def found(state: TrustState, threshold: float | None = None) -> Look:
    """What a look may find."""
    return Look(state, 1, 0.05, 0.95, threshold, 93, 92, 0.95, Basis.AGREEMENT, "why")


def policy(**changes: object) -> Policy:
    """The usual policy but for this."""
    return dataclasses.replace(POLICY, **changes)  # type: ignore[arg-type]  # fields by name


def in_force(standing: Standing, rules: Policy = POLICY, graded: GradedCount = GRADED) -> Trust:
    """What a standing puts in force."""
    return trust(standing, rules, graded)


def test_while_everything_is_drawn_only_harmless_intents_are_answered_alone() -> None:
    given = in_force(Standing(), graded=GradedCount(299, 299))
    assert given.share == 1.0
    assert judge(says("saludo", 0.8), given) is Reason.ACCEPTED
    assert judge(says("precio", 0.99), given) is Reason.UNPROVEN


def test_from_then_on_an_unproven_student_acts_by_the_strictest_of_three_thresholds() -> None:
    given = in_force(Standing(provisional=0.7, floor=0.75))
    assert (given.threshold, given.share) == (0.8, 0.1)
    assert judge(says("precio", 0.8), given) is Reason.ACCEPTED
    assert in_force(Standing(provisional=0.93, floor=0.9)).threshold == 0.93
    assert in_force(Standing(provisional=0.8, floor=0.9)).threshold == 0.9


def test_a_certificate_ends_the_time_in_which_everything_is_drawn() -> None:
    standing = after_look(Standing(), found(TrustState.CERTIFIED, 0.7), 93, POLICY, FEW)
    given = in_force(standing, graded=FEW)
    assert (given.state, given.threshold, given.share) == (TrustState.CERTIFIED, 0.7, 0.1)
    assert judge(says("precio", 0.7), given) is Reason.ACCEPTED


def test_that_time_does_not_come_back_with_a_look_that_certifies_nothing() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.7), 93, POLICY, FEW)
    again = after_look(certified, found(TrustState.UNPROVEN), 140, POLICY, FEW)
    assert not in_force(again, graded=FEW).probation
    assert again.looked_at == 140


def test_what_refuted_a_student_is_not_counted_for_its_next_look() -> None:
    assert after_look(Standing(), found(TrustState.REFUTED), 93, POLICY, GRADED).looked_at == 0


def test_only_a_certificate_lowers_a_threshold_that_was_in_force() -> None:
    first = after_promotion(Standing(), 0.95, POLICY, GRADED)
    second = after_promotion(first, 0.8, POLICY, GRADED)
    assert in_force(second).threshold == 0.95
    certified = after_look(second, found(TrustState.CERTIFIED, 0.75), 93, POLICY, GRADED)
    assert in_force(certified).threshold == 0.75


def test_what_was_chosen_while_nothing_acted_does_not_bind_later() -> None:
    first = after_promotion(Standing(), 0.99, POLICY, FEW)
    later = after_promotion(first, 0.85, POLICY, GRADED)
    assert in_force(later).threshold == 0.85


def test_what_was_in_force_since_the_first_phase_ended_binds_the_next_model() -> None:
    first = after_promotion(Standing(), 0.99, POLICY, FEW)
    acted = GradedCount(POLICY.first + 1, POLICY.first + 1)
    assert in_force(first, graded=acted).threshold == 0.99
    assert in_force(after_promotion(first, 0.85, POLICY, acted), graded=acted).threshold == 0.99


def test_a_new_model_that_needs_more_than_was_certified_is_unproven_at_once() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.8), 93, POLICY, GRADED)
    assert in_force(after_promotion(certified, 0.75, POLICY, GRADED)).state is TrustState.CERTIFIED
    assert in_force(after_promotion(certified, 0.8, POLICY, GRADED)).state is TrustState.CERTIFIED
    renewed = in_force(after_promotion(certified, 0.9, POLICY, GRADED))
    assert (renewed.state, renewed.threshold) == (TrustState.UNPROVEN, 0.9)


def test_why_a_certificate_lapsed_stays_true_once_another_model_needs_less() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.8), 93, POLICY, GRADED)
    lapsed = after_promotion(certified, 0.995, POLICY, GRADED)
    given = in_force(after_promotion(lapsed, 0.85, POLICY, GRADED))
    assert (given.threshold, given.why) == (
        0.995,
        "the certificate lapsed with a model that needed 99.5%",
    )


def test_a_certificate_lapses_for_the_target_that_was_asked_for() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.8), 93, POLICY, GRADED)
    harder = policy(target=0.99)
    assert after_promotion(certified, 0.96, harder, GRADED).target == 0.99
    assert after_promotion(certified, 0.7, harder, GRADED).target == POLICY.target, "it stands"
    assert after_promotion(certified, 0.96, POLICY, GRADED).looked_at == 93
    assert after_promotion(certified, 0.96, harder, GRADED).looked_at == 0, "never for this target"


def test_what_is_chosen_under_a_fixed_threshold_binds_nobody_later() -> None:
    """It was never in force."""
    fixed = policy(fixed=True)
    chosen = after_promotion(after_promotion(Standing(), 0.995, fixed, GRADED), 0.7, fixed, GRADED)
    assert (chosen.floor, in_force(chosen).threshold) == (None, 0.8)


def test_a_refuted_student_asks_the_teacher_and_every_turn_is_drawn() -> None:
    given = in_force(after_look(Standing(), found(TrustState.REFUTED), 93, POLICY, GRADED))
    assert (given.state, given.share) == (TrustState.REFUTED, 1.0)
    assert judge(says("precio", 0.99), given) is Reason.REFUTED
    assert judge(says("saludo", 0.99), given) is Reason.REFUTED


def test_what_was_shown_for_one_target_is_not_said_of_a_harder_one() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.7), 93, POLICY, GRADED)
    harder = in_force(certified, policy(target=0.99))
    assert (harder.state, harder.threshold) == (TrustState.UNPROVEN, 0.8)
    assert harder.why == "certified for 95%, and the target is 99% now"
    easier = in_force(certified, policy(target=0.9))
    assert (easier.state, easier.threshold) == (TrustState.CERTIFIED, 0.7)


def test_what_misses_one_target_may_reach_an_easier_one() -> None:
    refuted = after_look(Standing(), found(TrustState.REFUTED), 93, POLICY, GRADED)
    assert in_force(refuted, policy(target=0.99)).state is TrustState.REFUTED
    easier = in_force(refuted, policy(target=0.8))
    assert (easier.state, easier.share) == (TrustState.UNPROVEN, 0.1)


def test_a_promotion_chooses_for_the_target_of_today() -> None:
    looked = after_look(Standing(), found(TrustState.UNPROVEN), 93, POLICY, GRADED)
    renewed = after_promotion(looked, 0.9, policy(target=0.9), GRADED)
    assert (renewed.target, renewed.looked_at) == (0.9, 0)


def test_a_promotion_makes_no_certificate_one_for_a_harder_target() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.7), 93, POLICY, GRADED)
    harder = policy(target=0.99)
    renewed = in_force(after_promotion(certified, 0.6, harder, GRADED), harder)
    assert (renewed.state, renewed.threshold) == (TrustState.UNPROVEN, 0.8)


def test_the_first_phase_does_not_come_back_when_its_rows_have_left_the_window() -> None:
    given = in_force(Standing(), graded=GradedCount(window=20, ever=300))
    assert (given.probation, given.share) == (False, 0.1)


def test_a_fixed_threshold_holds_whatever_the_evidence_says() -> None:
    refuted = after_look(Standing(), found(TrustState.REFUTED), 93, POLICY, FEW)
    given = in_force(refuted, policy(fixed=True, threshold=0.6), graded=FEW)
    assert (given.threshold, given.share) == (0.6, 0.1)
    assert judge(says("precio", 0.6), given) is Reason.ACCEPTED
    assert judge(says("precio", 0.59), given) is Reason.BELOW_THRESHOLD
    for before in (
        refuted,
        after_look(Standing(), found(TrustState.CERTIFIED, 0.3), 93, POLICY, FEW),
    ):
        given = in_force(before, policy(fixed=True), graded=FEW)
        assert (given.state, given.why) == (
            TrustState.UNPROVEN,
            "the operator's threshold holds, whatever the evidence says",
        )
        assert in_force(before, graded=FEW).state is before.state, "once the mode is left again"


def test_without_a_teacher_nothing_is_drawn_and_nothing_is_proven() -> None:
    certified = after_look(Standing(), found(TrustState.CERTIFIED, 0.7), 93, POLICY, FEW)
    given = in_force(certified, policy(has_teacher=False), graded=FEW)
    assert (given.state, given.share, given.threshold) == (TrustState.UNPROVEN, 0.0, 0.8)
    assert judge(says("precio", 0.8), given) is Reason.ACCEPTED
    assert given.why == "there is no teacher to grade turns"


@pytest.mark.parametrize(
    ("prediction", "reason"),
    [
        (says(OUT_OF_SCOPE, 1.0), Reason.OUT_OF_SCOPE),
        (says("retirada", 1.0), Reason.OUT_OF_SCOPE),
        (says("queja", 1.0), Reason.ALWAYS_ASK),
        (says("gracias", 0.1), Reason.ACCEPTED),
        (says("gracias", 0.0), Reason.BELOW_THRESHOLD),  # it could not read the text
        (says("precio", 0.6, 0.3), Reason.AMBIGUOUS),
        (says("precio", 0.6, 0.1), Reason.BELOW_THRESHOLD),
        (says("precio", 0.65, 0.2), Reason.BELOW_THRESHOLD),  # together enough, but far apart
        (says("precio", 0.8), Reason.ACCEPTED),
    ],
)
def test_the_operators_rules_come_before_the_threshold(
    prediction: Prediction, reason: Reason
) -> None:
    rules = policy(
        always_ask=frozenset({"queja"}),
        never_ask=frozenset({"gracias"}),
        catalogue=dict.fromkeys(("precio", "queja", "gracias")),
    )
    assert judge(prediction, in_force(Standing(), rules)) is reason


def test_of_two_rules_that_contradict_each_other_the_careful_one_holds() -> None:
    both = policy(always_ask=frozenset({"queja"}), never_ask=frozenset({"queja"}))
    assert judge(says("queja", 1.0), in_force(Standing(), both)) is Reason.ALWAYS_ASK


def test_a_turn_is_drawn_alike_wherever_it_is_asked_and_as_often_as_the_share_says() -> None:
    turns = [f"turn-{number}" for number in range(20_000)]
    drawn = {turn for turn in turns if is_drawn(turn, 0.1)}
    assert abs(len(drawn) / len(turns) - 0.1) < 0.01
    assert drawn == {turn for turn in turns if is_drawn(turn, 0.1)}
    assert drawn < {turn for turn in turns if is_drawn(turn, 0.2)}
    assert all(is_drawn(turn, 1.0) for turn in turns)
    assert not any(is_drawn(turn, 0.0) for turn in turns)


def test_the_share_falls_as_evidence_grows_and_never_under_two_percent() -> None:
    shares = [
        share_to_draw(rows, share=0.1, first=300, everything=False)
        for rows in (0, 300, 600, 1_500, 100_000)
    ]
    assert shares == pytest.approx([0.1, 0.1, 0.05, 0.02, 0.02])
    for least in (0.0, 0.01):
        assert share_to_draw(100_000, share=least, first=300, everything=False) == 0.02
    assert share_to_draw(0, share=0.1, first=0, everything=False) == 0.1
