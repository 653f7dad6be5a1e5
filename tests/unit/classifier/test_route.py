"""What could be read is the student's to answer as far as it is trusted; else the teacher's."""

import pytest

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import Kind, Reason, Route
from services.classifier.route import ACCEPTED, decide
from services.learning.certifying.trust import GradedCount, Policy, Standing, trust
from services.learning.student import Guess, Prediction

TRUST = trust(Standing(), Policy(has_teacher=False), GradedCount(0, 0))


def prediction(confidence: float, second: float = 0.0) -> Prediction:
    return Prediction("precio", confidence, (Guess("catalogo", second),))


@pytest.mark.parametrize(
    ("best", "reason"),
    [
        (prediction(0.799), Reason.BELOW_THRESHOLD),
        (prediction(0.5, 0.4), Reason.AMBIGUOUS),
        (Prediction(OUT_OF_SCOPE, 1.0, ()), Reason.OUT_OF_SCOPE),
    ],
)
def test_what_is_not_accepted_goes_to_the_teacher_with_its_reason(
    best: Prediction, reason: Reason
) -> None:
    assert decide(best, True, (), TRUST) == (Route.UNSURE, reason)


def test_what_reaches_the_threshold_is_accepted() -> None:
    assert decide(prediction(0.8), True, (), TRUST) == ACCEPTED


def test_a_student_on_probation_answers_the_harmless_alone() -> None:
    probation = trust(Standing(), Policy(), GradedCount(0, 0))
    assert decide(prediction(0.99), True, (), probation) == (Route.UNSURE, Reason.UNPROVEN)
    assert decide(Prediction("saludo", 0.99, ()), True, (), probation) == ACCEPTED


def test_without_a_model_the_teacher_is_asked() -> None:
    assert decide(None, True, (), TRUST) == (Route.UNSURE, Reason.NO_MODEL)


def test_without_text_it_is_unsupported_with_or_without_a_model() -> None:
    assert decide(None, False, {Kind.AUDIO}, TRUST) == (Route.UNSURE, Reason.UNSUPPORTED_KIND)
    assert decide(None, False, {Kind.STICKER}, TRUST).reason is Reason.UNSUPPORTED_KIND


def test_a_text_beside_a_voice_note_is_only_half_of_what_was_said() -> None:
    verdict = decide(prediction(0.99), True, {Kind.AUDIO, Kind.STICKER}, TRUST)
    assert verdict == (Route.UNSURE, Reason.UNSUPPORTED_KIND)


@pytest.mark.parametrize("kind", [Kind.STICKER, Kind.REACTION, Kind.DELETED])
def test_a_sticker_beside_a_text_changes_nothing(kind: Kind) -> None:
    assert decide(prediction(0.99), True, {kind}, TRUST) == ACCEPTED
