"""The event carries the student's word, within bounds, and what was in force."""

import math

import pytest

from contracts.events import Alternative, Kind, Reason, Route
from services.classifier.classify import classify
from services.learning.student import Guess, Prediction
from tests.turns import turn_of

SURE = Prediction(
    "precio", 0.9, (Guess("catalogo", 0.05), Guess("envio", 0.03), Guess("pago", 0.02))
)


def test_a_confident_event_is_stamped_with_model_and_threshold() -> None:
    event = classify(turn_of("cuanto vale?"), SURE, "v7", 0.8)
    assert event.type == "intent.classified.confident"
    assert (event.intent, event.confidence, event.reason) == ("precio", 0.9, Reason.ACCEPTED)
    assert (event.model_version, event.threshold) == ("v7", 0.8)
    assert [each.intent for each in event.alternatives] == ["catalogo", "envio", "pago"]


def test_an_unsure_event_keeps_what_the_student_thought() -> None:
    event = classify(turn_of("mmm"), SURE, "v7", 0.95)
    assert (event.route, event.reason) == (Route.UNSURE, Reason.BELOW_THRESHOLD)
    assert (event.intent, event.confidence) == ("precio", 0.9)


def test_a_turn_that_nobody_predicted_has_no_intent() -> None:
    event = classify(turn_of(None, kinds=(Kind.AUDIO,)), None, None, 0.8)
    assert (event.route, event.reason) == (Route.UNSURE, Reason.UNSUPPORTED_KIND)
    assert (event.intent, event.confidence, event.model_version) == (None, 0.0, None)


def test_a_text_of_blanks_is_no_text() -> None:
    assert classify(turn_of("  "), None, "v7", 0.8).reason is Reason.UNSUPPORTED_KIND


@pytest.mark.parametrize(
    ("said", "kept"), [(1.0000002, 1.0), (-0.1, 0.0), (math.nan, 0.0), (math.inf, 1.0)]
)
def test_a_confidence_out_of_bounds_is_brought_into_them(said: float, kept: float) -> None:
    prediction = Prediction("precio", said, (Guess("catalogo", said),))
    event = classify(turn_of("cuanto vale?"), prediction, "v7", 0.8)
    assert event.confidence == kept
    assert event.alternatives == (Alternative(intent="catalogo", confidence=kept),)
    assert (event.route is Route.CONFIDENT) == (kept >= 0.8)


def test_what_a_rule_resolved_names_no_model_and_keeps_its_guesses_as_alternatives() -> None:
    event = classify(turn_of("1234", asked="estado_pedido"), SURE, "v7", 0.8)
    assert (event.route, event.reason) == (Route.CONFIDENT, Reason.ACCEPTED)
    assert (event.intent, event.confidence, event.model_version) == ("estado_pedido", 1.0, None)
    assert [each.intent for each in event.alternatives] == ["precio", "catalogo", "envio"]
