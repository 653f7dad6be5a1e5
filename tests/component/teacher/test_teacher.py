"""The teacher answers a turn and labels it, under the catalogue and what was said before."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from contracts.events import (
    Author,
    ReplyKind,
    ReplyRequested,
    SampleRecorded,
)
from services.storage.tables import messages, turns
from tests.component.teacher.conftest import ANSWER, Stand, lesson, teach
from tests.servers.openai_server import OpenAIServer, Rule
from tests.turns import SENT_AT, turn_of


async def test_an_unsure_turn_is_answered_and_labelled(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [ANSWER]
    turn = turn_of("¿cuánto cuesta", "el pan?")
    [[reply, sample]] = await teach(stand.teacher(), lesson(turn))
    assert reply == ReplyRequested(
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        contact=turn.contact,
        gateway="whatsapp",
        text="El pan cuesta $10 🥖",
        kind=ReplyKind.ANSWER,
        author=Author.TEACHER,
        intent="precio",
        in_reply_to="wamid.t-1.1",
        received_at=SENT_AT,
    )
    assert isinstance(sample, SampleRecorded)
    assert (sample.text, sample.intent) == ("¿cuánto cuesta\nel pan?", "precio")
    assert (sample.labelled_by, sample.confidence, sample.origin) == ("teacher", 0.9, "live")
    assert stand.count("aprendiz_teacher_calls_total", outcome="answered") == 1
    assert stand.count("aprendiz_teacher_tokens_total", direction="input") == 100
    assert await stand.left() == []


async def test_a_new_intent_may_be_proposed(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [Rule(proposed_intent="reservar_mesa")]
    [[_, sample]] = await teach(stand.teacher(), lesson(turn_of("¿me guardan una mesa?")))
    assert isinstance(sample, SampleRecorded)
    assert (sample.intent, sample.proposed) == (None, "reservar_mesa")


async def test_a_label_of_none_says_that_nothing_fits(stand: Stand) -> None:
    [[_, sample]] = await teach(stand.teacher(), lesson(turn_of("¿crees en los ovnis?")))
    assert isinstance(sample, SampleRecorded)
    assert sample.intent is None


async def test_samples_of_the_simulated_phone_say_so(stand: Stand) -> None:
    turn = turn_of("pan?").model_copy(update={"gateway": "simulador"})
    [[_, sample]] = await teach(stand.teacher(), lesson(turn))
    assert isinstance(sample, SampleRecorded)
    assert sample.origin == "simulated"


async def test_two_turns_are_asked_for_at_the_same_time(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [
        Rule(when="lento", delay=1, reply="A", times=None),
        Rule(when="rápido", delay=1, reply="B", times=None),
    ]
    teacher = stand.teacher()
    slow = teach(teacher, lesson(turn_of("lento", turn_id="t-1"), given_id="e-1"))
    fast = teach(teacher, lesson(turn_of("rápido", turn_id="t-2"), given_id="e-2"))
    async with asyncio.timeout(1.9):
        [[[one, _]], [[two, _]]] = await asyncio.gather(slow, fast)
    assert isinstance(one, ReplyRequested)
    assert isinstance(two, ReplyRequested)
    assert (one.text, two.text) == ("A", "B")


async def test_the_prompt_holds_the_last_ten_messages_of_this_conversation_before_the_turn(
    stand: Stand, server: OpenAIServer
) -> None:
    turn = turn_of("¿y el de ayer?")
    async with stand.database.begin() as connection:
        await connection.execute(insert(turns), [_turn_row("t-0", 0), _turn_row("t-1", 1)])
        await connection.execute(insert(turns), [_turn_row("t-2", 2)])
        old = [_message(number, "t-0", f"antes {number}") for number in range(12)]
        own = [_message(20, "t-1", "¿y el de ayer?"), _message(21, "t-2", "un turno después")]
        other = {**_message(30, None, "un secreto de otro"), "conversation_id": "whatsapp:otro"}
        image = {**_message(40, "t-0", ""), "text": None}
        human = {**_message(11.5, None, "soy Luis 👋"), "direction": "out", "author": "person"}
        await connection.execute(insert(messages), [*old, *own, other, image, human])
    await teach(stand.teacher(), lesson(turn))
    [call] = server.calls
    asked = call["messages"][-1]["content"]
    assert [number for number in range(12) if f'"antes {number}"' in asked] == list(range(3, 12))
    assert asked.index("antes 3") < asked.index("antes 11") < asked.index("soy Luis 👋")
    assert "un turno después" not in asked
    assert "secreto" not in asked
    assert asked.count("¿y el de ayer?") == 1
    assert "Sobre precio." in call["messages"][0]["content"]


def _turn_row(turn_id: str, ordinal: int) -> dict[str, Any]:
    return {
        "id": turn_id,
        "conversation_id": "whatsapp:t-1",
        "state": "open",
        "ordinal": ordinal,
        "created_at": SENT_AT,
    }


def _message(number: float, turn_id: str | None, text: str) -> dict[str, Any]:
    return {
        "id": f"m-{number}",
        "conversation_id": "whatsapp:t-1",
        "turn_id": turn_id,
        "gateway": "whatsapp",
        "provider_message_id": f"wamid.{number}",
        "direction": "in",
        "author": None,
        "kind": "text",
        "chat": "direct",
        "text": text,
        "sent_at": SENT_AT,
        "created_at": SENT_AT + timedelta(seconds=number),
    }
