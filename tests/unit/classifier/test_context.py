"""A short answer is read in the light of the question, where the router can check it."""

import pytest

from contracts.events import Kind, Reason, Route
from services.classifier.context import resolve
from services.classifier.route import ACCEPTED, Verdict
from tests.turns import turn_of

ACTIONS = {
    "afirmar": "affirm",
    "disponibilidad": "availability",
    "envio": "reply",
    "estado_pedido": "order_status",
    "negar": "deny",
    "precio": "prices",
}
UNSURE = Verdict(Route.UNSURE, Reason.BELOW_THRESHOLD)
NO_MODEL = Verdict(Route.UNSURE, Reason.NO_MODEL)


@pytest.mark.parametrize(
    ("asked", "text", "intent"),
    [
        ("estado_pedido", "el pedido creo que es 1045", "estado_pedido"),
        ("estado_pedido", "A-1234", "estado_pedido"),
        ("precio", "la camisa negra", "precio"),
        ("disponibilidad", "zapatos talla 40", "disponibilidad"),
        ("precio", "sí", "afirmar"),
        ("envio", "Si, claro!", "afirmar"),
        ("envio", "NO", "negar"),
        ("precio", "Yes, please", "afirmar"),
        ("precio", "Sí, muchas gracias", "afirmar"),
        ("precio", "yes, thanks", "afirmar"),
        ("precio", "no thanks!", "negar"),
        ("precio", "no, gracias", "negar"),
    ],
)
@pytest.mark.parametrize("verdict", [UNSURE, NO_MODEL])
def test_a_short_answer_belongs_to_what_was_asked(
    asked: str, text: str, intent: str, verdict: Verdict
) -> None:
    assert resolve(turn_of(text, asked=asked), verdict, ACTIONS) == intent
    renamed = {f"mi_{name}": action for name, action in ACTIONS.items()}
    assert resolve(turn_of(text, asked=f"mi_{asked}"), verdict, renamed) == f"mi_{intent}"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (None, "si"),
        (None, "1234"),
        ("estado_pedido", "no lo encuentro"),  # no number: nothing the router could look up
        ("envio", "a medellin"),  # what was asked is not the router's to look up
        ("precio", "👍"),
        ("precio", "es que la semana pasada compre algo y no llego"),  # no mere answer
    ],
)
def test_anything_else_is_the_students_to_decide(asked: str | None, text: str) -> None:
    assert resolve(turn_of(text, asked=asked), UNSURE, ACTIONS) is None


@pytest.mark.parametrize("text", ["si", "no"])
def test_a_shop_without_an_intent_for_it_leaves_it_to_the_student(text: str) -> None:
    assert resolve(turn_of(text, asked="precio"), UNSURE, {"precio": "prices"}) is None
    twice = {**ACTIONS, "claro_que_si": "affirm", "mejor_no": "deny"}
    assert resolve(turn_of(text, asked="precio"), UNSURE, twice) is None


def test_a_sure_student_outweighs_the_question() -> None:
    turn = turn_of("quiero cancelar el 1234", asked="estado_pedido")
    assert resolve(turn, ACCEPTED, ACTIONS) is None
    assert resolve(turn_of("gracias", asked="precio"), ACCEPTED, ACTIONS) is None


@pytest.mark.parametrize("text", ["1234", "#1234", "es el A-1234", "2024-0017"])
def test_a_bare_order_number_outweighs_a_sure_student(text: str) -> None:
    assert resolve(turn_of(text, asked="estado_pedido"), ACCEPTED, ACTIONS) == "estado_pedido"


def test_what_always_goes_to_the_teacher_is_no_answer_to_a_product_question() -> None:
    verdict = Verdict(Route.UNSURE, Reason.ALWAYS_ASK)
    assert resolve(turn_of("la camisa rota", asked="precio"), verdict, ACTIONS) is None
    number = turn_of("1234", asked="estado_pedido")
    assert resolve(number, verdict, ACTIONS) == "estado_pedido"


def test_what_nobody_could_read_is_not_resolved() -> None:
    turn = turn_of("1234", None, kinds=(Kind.TEXT, Kind.AUDIO), asked="estado_pedido")
    assert resolve(turn, Verdict(Route.UNSURE, Reason.UNSUPPORTED_KIND), ACTIONS) is None
