"""Whatever a model says is read as an answer in the asked form, or refused by name."""

import json

import pytest

from services.teacher.answer import LONGEST_REPLY, Malformed, bounded, parse, schema

INTENTS = ("precio", "horario")
GOOD = json.dumps({"intent": "precio", "reply": "Cuesta $10 🙂", "confidence": 0.9})


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Claro, aquí está: {GOOD} ¡Listo!",
        f"<think>¿{{precio}} u horario?</think>{GOOD}",
    ],
)
def test_an_answer_is_found_among_the_words_around_it(text: str) -> None:
    answer = parse(text, INTENTS)
    assert (answer.intent, answer.reply, answer.confidence) == ("precio", "Cuesta $10 🙂", 0.9)


def test_none_is_an_intent_too() -> None:
    assert parse('{"intent": null, "reply": "Hola", "confidence": 1}', INTENTS).intent is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "answer"),
        ("no sé", "answer"),
        ("{", "answer"),
        ("[" * 100_000, "answer"),
        ('{"a":' * 50_000 + "}", "answer"),
        ('{"intent": "precio", "confidence": 0.9}', "reply"),
        ('{"intent": "precio", "reply": "  ", "confidence": 0.9}', "reply"),
        ('{"intent": "precio", "reply": "\\ud83d", "confidence": 0.9}', "answer"),
        ('{"intent": "precio", "reply": "a\\u0000b", "confidence": 0.9}', "reply"),
        ('{"intent": "precio", "reply": "a", "confidence": 95}', "confidence"),
        ('{"intent": "precio", "reply": "a", "confidence": NaN}', "confidence"),
        ('{"intent": "clima", "reply": "a", "confidence": 0.9}', "intent"),
        ('{"reply": "a", "confidence": 0.9}', "intent"),
    ],
)
def test_what_breaks_the_form_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(Malformed, match=f"^{place}: "):
        parse(text, INTENTS)


def test_a_label_needs_no_reply() -> None:
    assert parse('{"intent": "precio", "confidence": 1}', INTENTS, label_only=True).reply == ""


@pytest.mark.parametrize(
    ("intent", "proposed", "taken"),
    [
        (None, "reservar_mesa", "reservar_mesa"),
        (None, "a" * 64, "a" * 64),
        (None, "a" * 65, None),
        (None, "Reservar mesa", None),
        (None, "horario", None),
        (None, {"nombre": "mesa"}, None),
        (None, None, None),
        ("precio", "reservar_mesa", None),
    ],
)
def test_only_the_name_of_an_intent_that_is_new_is_taken_as_a_proposal(
    intent: str | None, proposed: object, taken: str | None
) -> None:
    said = {"intent": intent, "reply": "a", "confidence": 1, "proposed_intent": proposed}
    assert parse(json.dumps(said), INTENTS).proposed_intent == taken


def test_a_long_reply_is_cut_between_words() -> None:
    assert bounded("hola") == "hola"
    cut = bounded("palabra " * 500)
    assert len(cut) <= LONGEST_REPLY
    assert cut.endswith("palabra…")
    assert len(bounded("x" * 5_000)) == LONGEST_REPLY


def test_the_schema_names_the_intents_and_null() -> None:
    properties = schema(INTENTS)["properties"]
    assert properties["intent"]["anyOf"][0]["enum"] == ["precio", "horario"]
    assert schema(())["properties"]["intent"] == {"type": "null"}


def test_the_schema_of_a_label_has_no_reply() -> None:
    assert schema(INTENTS, label_only=True)["required"] == ["intent", "confidence"]
