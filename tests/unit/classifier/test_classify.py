"""The event carries the student's word, within bounds, and what was in force."""

import math

import pytest

from contracts.events import (
    Alternative,
    IntentClassified,
    Kind,
    Reason,
    Route,
    TrustState,
)
from services.classifier.classify import classify
from services.learning.certifying.trust import GradedCount, Policy, Standing, Trust, trust
from services.learning.student import Guess, Prediction
from tests.turns import turn_of

SURE = Prediction(
    "precio", 0.9, (Guess("catalogo", 0.05), Guess("envio", 0.03), Guess("pago", 0.02))
)


def trusted(**policy: object) -> Trust:
    """What is in force under an operator's settings, past the probation."""
    return trust(Standing(was_certified=True), Policy(**policy), GradedCount(300, 300))  # type: ignore[arg-type]  # as given


CATALOGUE = {"precio": "prices", "estado_pedido": "order_status", "afirmar": "affirm"}
DOUBT = Prediction("saludo", 0.2, ())
TRUST = trusted(has_teacher=False, catalogue=CATALOGUE)
ALL_DRAWN = trusted(share=1.0, catalogue=CATALOGUE)


def only(events: list[IntentClassified]) -> IntentClassified:
    [event] = events
    return event


def test_a_confident_event_is_stamped_with_model_and_threshold() -> None:
    event = only(classify(turn_of("cuanto vale?"), SURE, "v7", TRUST))
    assert event.type == "intent.classified.confident"
    assert (event.intent, event.confidence, event.reason) == ("precio", 0.9, Reason.ACCEPTED)
    assert (event.model_version, event.threshold) == ("v7", 0.8)
    assert [each.intent for each in event.alternatives] == ["catalogo", "envio", "pago"]


def test_an_unsure_event_keeps_what_the_student_thought() -> None:
    event = only(classify(turn_of("mmm"), SURE, "v7", trusted(threshold=0.95)))
    assert (event.route, event.reason) == (Route.UNSURE, Reason.BELOW_THRESHOLD)
    assert (event.intent, event.confidence) == ("precio", 0.9)


def test_a_turn_that_nobody_predicted_has_no_intent() -> None:
    event = only(classify(turn_of(None, kinds=(Kind.AUDIO,)), None, None, TRUST))
    assert (event.route, event.reason) == (Route.UNSURE, Reason.UNSUPPORTED_KIND)
    assert (event.intent, event.confidence, event.model_version) == (None, 0.0, None)


def test_a_text_of_blanks_is_no_text() -> None:
    assert only(classify(turn_of("  "), None, "v7", TRUST)).reason is Reason.UNSUPPORTED_KIND


@pytest.mark.parametrize(
    ("said", "kept"), [(1.0000002, 1.0), (-0.1, 0.0), (math.nan, 0.0), (math.inf, 1.0)]
)
def test_a_confidence_out_of_bounds_is_brought_into_them(said: float, kept: float) -> None:
    prediction = Prediction("precio", said, (Guess("catalogo", said),))
    event = only(classify(turn_of("cuanto vale?"), prediction, "v7", TRUST))
    assert event.confidence == kept
    assert event.alternatives == (Alternative(intent="catalogo", confidence=kept),)
    assert (event.route is Route.CONFIDENT) == (kept >= 0.8)


def test_what_a_rule_resolved_names_no_model_and_keeps_its_guesses_as_alternatives() -> None:
    event = only(classify(turn_of("1234", asked="estado_pedido"), SURE, "v7", TRUST))
    assert (event.route, event.reason) == (Route.CONFIDENT, Reason.ACCEPTED)
    assert (event.intent, event.confidence, event.model_version) == ("estado_pedido", 1.0, None)
    assert [each.intent for each in event.alternatives] == ["precio", "catalogo", "envio"]


def test_what_a_rule_resolved_is_no_alternative_to_itself() -> None:
    guessed = Prediction("precio", 0.5, (Guess("estado_pedido", 0.3), Guess("catalogo", 0.1)))
    event = only(classify(turn_of("1234", asked="estado_pedido"), guessed, "v7", TRUST))
    assert [each.intent for each in event.alternatives] == ["precio", "catalogo"]


@pytest.mark.parametrize(
    ("text", "asked", "always"),
    [
        ("1234", "estado_pedido", "estado_pedido"),
        ("la camisa negra", "precio", "precio"),
        ("si", "precio", "afirmar"),
    ],
)
def test_no_rule_answers_for_an_intent_that_always_goes_to_the_teacher(
    text: str, asked: str, always: str
) -> None:
    free = only(classify(turn_of(text, asked=asked), DOUBT, "v7", TRUST))
    assert (free.route, free.intent) == (Route.CONFIDENT, always)
    asks = trusted(has_teacher=False, catalogue=CATALOGUE, always_ask=frozenset({always}))
    assert only(classify(turn_of(text, asked=asked), DOUBT, "v7", asks)).route is Route.UNSURE


def test_an_order_number_goes_to_the_teacher_too_if_its_intent_does() -> None:
    asks = trusted(share=1.0, catalogue=CATALOGUE, always_ask=frozenset({"estado_pedido"}))
    event = only(classify(turn_of("1234", asked="estado_pedido"), SURE, "v7", asks))
    assert (event.route, event.reason) == (Route.UNSURE, Reason.ALWAYS_ASK)
    assert (event.intent, event.model_version, event.drawn) == ("estado_pedido", None, False)


@pytest.mark.parametrize(("text", "asked"), [("la camisa negra", "precio"), ("si", "precio")])
def test_what_the_student_said_of_a_turn_that_a_rule_resolved_is_graded_too(
    text: str, asked: str
) -> None:
    """Else what it will answer alone once it is trusted would be missing from the evidence."""
    probation = trust(Standing(), Policy(catalogue=CATALOGUE), GradedCount(0, 0))
    ruled, shadow = classify(turn_of(text, asked=asked), SURE, "v7", probation)
    assert (ruled.route, ruled.model_version, ruled.drawn) == (Route.CONFIDENT, None, True)
    assert (shadow.route, shadow.model_version, shadow.drawn) == (Route.SHADOW, "v7", True)
    assert (shadow.intent, shadow.confidence) == ("precio", 0.9)


def test_a_drawn_turn_that_the_router_answers_goes_to_the_teacher_beside() -> None:
    event, shadow = classify(turn_of("cuanto vale?"), SURE, "v7", ALL_DRAWN)
    assert (event.type, event.drawn) == ("intent.classified.confident", True)
    assert shadow == event.model_copy(update={"route": Route.SHADOW})


def test_a_drawn_turn_that_the_teacher_answers_is_graded_by_that() -> None:
    event = only(classify(turn_of("mmm"), SURE, "v7", trusted(share=1.0, threshold=0.95)))
    assert (event.route, event.drawn) == (Route.UNSURE, True)


def test_the_draw_looks_at_the_turns_id_alone() -> None:
    share = trusted(share=0.5)
    names = [f"t-{number}" for number in range(40)]
    doubt = Prediction("saludo", 0.2, ())
    sure = [classify(turn_of("a", turn_id=name), SURE, "v7", share)[0].drawn for name in names]
    unsure = [classify(turn_of("b", turn_id=name), doubt, "v8", share)[0].drawn for name in names]
    assert sure == unsure
    assert 10 < sum(sure) < 30


@pytest.mark.parametrize(
    ("text", "asked", "kinds", "prediction"),
    [
        ("1234", "estado_pedido", (), SURE),
        (None, None, (Kind.AUDIO,), None),
        ("hola", None, (), None),
    ],
    ids=["a rule", "no text", "no model"],
)
def test_what_is_no_word_of_the_model_is_never_drawn(
    text: str | None, asked: str | None, kinds: tuple[Kind, ...], prediction: Prediction | None
) -> None:
    turn = turn_of(text, asked=asked, kinds=kinds)
    assert not only(classify(turn, prediction, "v7", ALL_DRAWN)).drawn


def test_the_event_says_what_was_proven() -> None:
    certified = Standing(state=TrustState.CERTIFIED, certified=0.9, was_certified=True)
    event = classify(
        turn_of("precio?"), SURE, "v7", trust(certified, Policy(), GradedCount(300, 300))
    )[0]
    assert (event.state, event.threshold) == (TrustState.CERTIFIED, 0.9)
