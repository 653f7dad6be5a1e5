"""The threshold decides, inclusive; what falls short says in which way."""

import pytest

from contracts.events import Kind, Reason, Route
from services.classifier.route import ACCEPTED, decide
from services.learning.student import OUT_OF_SCOPE, Guess, Prediction


def prediction(confidence: float, second: float = 0.0) -> Prediction:
    return Prediction("precio", confidence, (Guess("catalogo", second),))


@pytest.mark.parametrize("confidence", [0.8, 0.81, 1.0])
def test_what_reaches_the_threshold_is_accepted(confidence: float) -> None:
    assert decide(prediction(confidence), True, (), 0.8) == ACCEPTED


def test_what_reaches_the_threshold_is_accepted_however_close_the_second_is() -> None:
    assert decide(prediction(0.5, 0.49), True, (), 0.5) == ACCEPTED


@pytest.mark.parametrize(
    ("best", "second", "reason"),
    [
        (0.799, 0.001, Reason.BELOW_THRESHOLD),
        (0.7, 0.2, Reason.BELOW_THRESHOLD),  # one stands out, it is only not sure enough
        (0.3, 0.25, Reason.BELOW_THRESHOLD),  # it may be anything
        (0.5, 0.4, Reason.AMBIGUOUS),
        (0.4, 0.4, Reason.AMBIGUOUS),
        (0.55, 0.25, Reason.BELOW_THRESHOLD),
    ],
)
def test_below_the_threshold_it_is_ambiguous_only_between_two_alike(
    best: float, second: float, reason: Reason
) -> None:
    assert decide(prediction(best, second), True, (), 0.8) == (Route.UNSURE, reason)


def test_a_single_intent_has_no_second() -> None:
    assert decide(Prediction("precio", 0.5, ()), True, (), 0.8).reason is Reason.BELOW_THRESHOLD


@pytest.mark.parametrize("confidence", [0.3, 1.0])
def test_out_of_scope_goes_to_the_teacher_however_sure(confidence: float) -> None:
    sure = Prediction(OUT_OF_SCOPE, confidence, (Guess("precio", 0.0),))
    assert decide(sure, True, (), 0.8) == (Route.UNSURE, Reason.OUT_OF_SCOPE)


def test_without_a_model_the_teacher_is_asked() -> None:
    assert decide(None, True, (), 0.8) == (Route.UNSURE, Reason.NO_MODEL)


def test_without_text_it_is_unsupported_with_or_without_a_model() -> None:
    assert decide(None, False, {Kind.AUDIO}, 0.8) == (Route.UNSURE, Reason.UNSUPPORTED_KIND)
    assert decide(None, False, {Kind.STICKER}, 0.8).reason is Reason.UNSUPPORTED_KIND


def test_a_text_beside_a_voice_note_is_only_half_of_what_was_said() -> None:
    verdict = decide(prediction(0.99), True, {Kind.AUDIO, Kind.STICKER}, 0.8)
    assert verdict == (Route.UNSURE, Reason.UNSUPPORTED_KIND)


@pytest.mark.parametrize("kind", [Kind.STICKER, Kind.REACTION, Kind.DELETED])
def test_a_sticker_beside_a_text_changes_nothing(kind: Kind) -> None:
    assert decide(prediction(0.99), True, {kind}, 0.8) == ACCEPTED
