"""Customers write through a gateway that is not ours, and each turn gets its one answer."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from services.storage import settings
from tests.e2e.outside import OutsideGateway
from tests.e2e.shop import Shop
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)

GREETING = "hola buenas tardes"
THANKS = "muchas gracias"
COMPLAINT = "me regalaron un aparato de ustedes y no le entiendo"
RIDDLE = "soñé que una silla volaba sobre el mar"


def new_conversation() -> str:
    return f"wa:{uuid4().hex[:12]}"


async def test_the_router_answers_what_the_student_is_sure_of(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chat = new_conversation()
    message = await gateway.says(chat, GREETING)
    [answer] = await gateway.answers(chat, 1)
    assert (answer["author"], answer["intent"], answer["kind"]) == ("router", "saludo", "answer")
    assert answer["in_reply_to"] == message
    turn = await shop.closed_turn(chat)
    assert (turn.state, turn.intent, turn.reason) == ("answered", "saludo", "accepted")
    assert turn.confidence > 0.8


async def test_the_teacher_answers_what_the_student_is_not_sure_of_and_leaves_a_sample(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chat = new_conversation()
    words = {"intent": "queja_soporte", "reply": "Con gusto te explico 🔌"}
    await shop.teacher.will({"when": "un aparato", **words})
    await gateway.says(chat, COMPLAINT)
    [answer] = await gateway.answers(chat, 1)
    assert (answer["author"], answer["text"]) == ("teacher", "Con gusto te explico 🔌")

    async def sample() -> Sequence[Any]:
        query = "SELECT * FROM training_samples WHERE conversation_id = :chat"
        return await shop.rows(query, chat=chat)

    [learned] = await until(sample, "the answer has become a sample")
    assert (learned.texto, learned.intencion) == (COMPLAINT, "queja_soporte")
    assert (learned.etiquetado_por, learned.origen) == ("teacher", "live")


async def test_a_burst_of_messages_is_answered_once(gateway: OutsideGateway) -> None:
    chat = new_conversation()
    for text in ("hola", "buenas tardes", "como estan", "hola buenas"):
        last = await gateway.says(chat, text)
    [answer] = await gateway.answers(chat, 1)
    assert answer["in_reply_to"] == last
    await gateway.says(chat, THANKS)
    # Turns are answered in order: had the burst a second answer, it would stand before this one.
    _, second = await gateway.answers(chat, 2)
    assert second["intent"] == "agradecimiento"


async def test_two_messages_are_answered_in_order_although_the_first_needs_a_slow_teacher(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chat = new_conversation()
    await shop.teacher.will({"when": "volaba", "delay": 2.0, "reply": "Pensé un rato."})
    asked_before = await shop.teacher.was_asked(RIDDLE)
    await gateway.says(chat, RIDDLE)

    async def asked() -> bool:
        return await shop.teacher.was_asked(RIDDLE) > asked_before

    await until(asked, "the teacher is asked")
    await gateway.says(chat, THANKS)
    first, second = await gateway.answers(chat, 2)
    assert (first["author"], first["text"]) == ("teacher", "Pensé un rato.")
    assert (second["author"], second["intent"]) == ("router", "agradecimiento")


async def test_a_message_that_is_delivered_twice_is_answered_once(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chat = new_conversation()
    message = await gateway.says(chat, GREETING)
    await gateway.says(chat, GREETING, again=message)
    await gateway.answers(chat, 1)
    await gateway.says(chat, GREETING, again=message)
    await gateway.says(chat, THANKS)
    answers = await gateway.answers(chat, 2)
    assert [each["intent"] for each in answers] == ["saludo", "agradecimiento"]
    incoming = "SELECT id FROM messages WHERE conversation_id = :chat AND direction = 'in'"
    assert len(await shop.rows(incoming, chat=chat)) == 2


async def test_a_changed_threshold_takes_effect_without_a_restart(
    shop: Shop, gateway: OutsideGateway
) -> None:
    before = shop.pids
    await _set_threshold(shop, gateway, "100")
    try:

        async def teacher_is_asked() -> bool:
            chat = new_conversation()
            await gateway.says(chat, GREETING, gateway="simulador")
            query = "SELECT reason FROM turns WHERE conversation_id = :chat AND reason IS NOT NULL"

            async def classified() -> Sequence[Any]:
                return await shop.rows(query, chat=chat)

            [turn] = await until(classified, "the student has said its word")
            return bool(turn.reason == "below_threshold")

        await until(teacher_is_asked, "nothing is sure enough any more")
        _, judged = await shop.post("/classify", {"text": GREETING})
        assert (judged["threshold"], judged["accepted"]) == (1.0, False)
    finally:
        await _set_threshold(shop, gateway, None)

    async def old_threshold() -> bool:
        _, judged = await shop.post("/classify", {"text": GREETING})
        return bool(judged["accepted"])

    await until(old_threshold, "the default is back in force")
    assert shop.pids == before


async def _set_threshold(shop: Shop, gateway: OutsideGateway, percent: str | None) -> None:
    name = "ml_umbral_confianza"
    async with shop.database.begin() as connection:
        version = await settings.write(connection, {name: percent}, "test")
    hint = {"version": version, "keys": [name], "changed_by": "test"}
    await gateway.hint("settings.changed", hint)
