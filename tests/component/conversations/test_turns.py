"""Turn follows turn: one is open at a time, and whatever ends it lets the next one out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from contracts.envelope import Envelope
from contracts.events import (
    Author,
    Event,
    HandoffRequested,
    HumanReplied,
    IntentClassified,
    Reason,
    ReplyFailed,
    ReplyKind,
    ReplySent,
    Route,
    TurnReady,
)
from services.storage import tables
from services.storage.engine import Database
from tests.component.conversations.desk import (
    SHOP,
    Desk,
    ago,
    person_wrote,
    reply,
    wrap,
    wrote,
)


async def open_turn(desk: Desk, text: str = "hola", name: str = "m1") -> TurnReady:
    await desk.handle(wrote(text, name))
    return (await desk.published())[-1]


def classified(turn: TurnReady, reason: Reason = Reason.BELOW_THRESHOLD) -> IntentClassified:
    return IntentClassified(
        turn=turn,
        route=Route.UNSURE,
        reason=reason,
        intent="precio",
        confidence=0.61,
        model_version="v7",
        threshold=0.8,
    )


def handoff(turn: TurnReady) -> HandoffRequested:
    return HandoffRequested(
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        gateway=turn.gateway,
        requested_by=Author.ROUTER,
        note="pide una persona",
    )


def sent(reply_id: str, turn: TurnReady, name: str = "out-1") -> ReplySent:
    return ReplySent(
        reply_id=reply_id,
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        gateway=turn.gateway,
        provider_message_id=name,
        sent_at=ago(0),
    )


def failed(reply_id: str, turn: TurnReady, *, unknown: bool = False) -> ReplyFailed:
    return ReplyFailed(
        reply_id=reply_id,
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        gateway=turn.gateway,
        outcome_unknown=unknown,
        error="131026",
    )


@asynccontextmanager
async def ticking(*desks: Desk) -> AsyncIterator[None]:
    """The clocks of these processes run."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for desk in desks:
            tasks.create_task(desk.clock(stop))
        try:
            yield
        finally:
            stop.set()


async def until_published(desk: Desk, count: int, patience: float = 20.0) -> list[TurnReady]:
    async with asyncio.timeout(patience):
        while len(ready := await desk.published()) < count:  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.02)
    return ready


async def test_messages_wait_while_a_turn_is_open_and_follow_its_answer_at_once(
    desk: Desk,
) -> None:
    first = await open_turn(desk, "uno")
    await desk.handle(wrote("dos", "m2"))
    await desk.handle(wrote("tres", "m3"))
    assert await desk.states() == ["open", "gathering"]
    await desk.handle(reply(first))
    assert await desk.states() == ["answered", "open"]
    assert [ready.text for ready in await desk.published()] == ["uno", "dos\ntres"]


async def test_a_holding_reply_holds_its_turn_and_lets_the_next_one_out(desk: Desk) -> None:
    first = await open_turn(desk)
    await desk.handle(wrote("dos", "m2"))
    await desk.handle(reply(first, kind=ReplyKind.HOLDING, author=Author.TEACHER))
    [held, following] = await desk.turns()
    assert (held.state, held.closed_by, following.state) == ("held", "teacher", "open")
    assert desk.counted("turns_closed", outcome="held") == 1


async def test_a_reply_is_kept_under_the_id_that_the_gateway_will_speak_of(desk: Desk) -> None:
    ready = await open_turn(desk)
    answer = reply(ready, "A 20 pesos 🥖")
    await desk.handle(answer)
    [_, kept] = await desk.history()
    assert (kept.id, kept.text, kept.author) == (answer.id, "A 20 pesos 🥖", "router")
    assert (kept.direction, kept.turn_id) == ("out", ready.turn_id)


async def test_the_next_turn_knows_what_the_bot_asked_until_a_reply_asks_nothing(
    desk: Desk,
) -> None:
    await desk.handle(reply(await open_turn(desk, "mi pedido"), "¿Número?", asks="estado_pedido"))
    second = await open_turn(desk, "el 123", "m2")
    assert second.asked is not None
    assert (second.asked.intent, second.asked.text) == ("estado_pedido", "¿Número?")
    await desk.handle(reply(second, "Va en camino"))
    assert (await open_turn(desk, "gracias", "m3")).asked is None


async def test_what_the_student_said_is_noted_also_after_the_answer(desk: Desk) -> None:
    ready = await open_turn(desk)
    await desk.handle(reply(ready))
    await desk.handle(wrap(classified(ready)))
    [turn] = await desk.turns()
    assert (turn.state, turn.intent, turn.confidence) == ("answered", "precio", 0.61)
    assert (turn.reason, turn.model_version) == ("below_threshold", "v7")


async def test_what_became_of_a_reply_is_noted_on_it(desk: Desk) -> None:
    ready = await open_turn(desk)
    one, two = reply(ready, given_id="a"), reply(ready, given_id="b")
    await desk.handle(one, two)
    await desk.handle(wrap(sent(one.id, ready)), wrap(failed(two.id, ready, unknown=True), "e-2"))
    kept = {message.id: message for message in await desk.history()}
    assert kept[one.id].provider_message_id == "out-1"
    assert kept[two.id].silent_reason == "outcome_unknown"


async def test_a_reply_may_be_sent_before_we_hear_of_its_words(desk: Desk) -> None:
    ready = await open_turn(desk)
    answer = reply(ready, "Abrimos a las 9")
    await desk.handle(wrap(sent(answer.id, ready)))
    await desk.handle(answer)
    [_, kept] = await desk.history()
    assert (kept.text, kept.provider_message_id) == ("Abrimos a las 9", "out-1")
    assert await desk.states() == ["answered"]


async def test_an_echo_of_the_bots_own_words_is_not_a_person(desk: Desk) -> None:
    ready = await open_turn(desk)
    answer = reply(ready)
    await desk.handle(answer, wrap(sent(answer.id, ready, "out-1")))
    await desk.handle(person_wrote("Con gusto", "out-1"), wrote("Con gusto", "out-1"))
    assert (await desk.conversation()).muted_until is None
    assert len(await desk.history()) == 2


async def test_an_echo_that_was_faster_than_reply_sent_spoils_nothing(desk: Desk) -> None:
    ready = await open_turn(desk)
    answer = reply(ready)
    await desk.handle(answer, person_wrote("Con gusto", "out-1"))
    await desk.handle(wrap(sent(answer.id, ready, "out-1")))
    assert [m.provider_message_id for m in await desk.history()] == ["m1", None, "out-1"]


async def test_a_person_who_writes_takes_the_conversation_over(desk: Desk) -> None:
    await open_turn(desk)
    await desk.handle(wrote("¿hola?", "m2"))
    said = person_wrote("Hola, soy Eva", "h1")
    await desk.handle(said)
    [first, second] = await desk.turns()
    assert (first.state, first.closed_by, second.state) == ("human", "person", "silent")
    conversation = await desk.conversation()
    assert isinstance(said.data, HumanReplied)
    assert conversation.muted_until == said.data.sent_at + timedelta(minutes=30)
    await desk.handle(wrote("gracias Eva", "m3"))
    assert (await desk.history())[-1].silent_reason == "muted"
    assert len(await desk.published()) == 1


async def test_news_that_a_person_wrote_long_ago_is_only_kept(desk: Desk) -> None:
    await open_turn(desk)
    await desk.handle(person_wrote("Hola", "h1", sent_at=ago(3600)))
    assert await desk.states() == ["open"]
    assert (await desk.conversation()).muted_until is None
    assert len(await desk.history()) == 2


@pytest.mark.parametrize("handoff_first", [True, False])
async def test_a_handoff_mutes_and_leaves_the_routers_reply_its_turn(
    desk: Desk, handoff_first: bool
) -> None:
    ready = await open_turn(desk, "quiero hablar con alguien")
    await desk.handle(wrote("¿hola?", "m2"))
    events: list[Envelope[Event]] = [wrap(handoff(ready)), reply(ready, "Te paso con alguien")]
    for each in events if handoff_first else events[::-1]:
        await desk.handle(each)
    assert (await desk.states())[0] == "answered"
    assert (await desk.history())[-1].text == "Te paso con alguien"
    await desk.handle(wrote("ok", "m3"))
    assert (await desk.history())[-1].silent_reason == "muted"


async def test_events_of_turns_and_conversations_that_nobody_knows_do_not_fail(
    desk: Desk, database: Database
) -> None:
    elsewhere = await open_turn(desk)
    unknown = elsewhere.model_copy(update={"turn_id": "t-9", "conversation_id": "c9"})
    await desk.handle(
        wrap(classified(unknown)),
        reply(unknown, author=Author.PERSON),
        wrap(sent("r-1", unknown)),
        wrap(failed("r-2", unknown), "e-2"),
        wrap(handoff(unknown), "e-3"),
        person_wrote("Hola", "h9", conversation="c10"),
    )
    assert await desk.states("c9") == []
    assert await desk.states() == ["open"]
    assert (await desk.conversation("c9")).muted_until is not None


async def test_any_event_that_comes_twice_changes_nothing(desk: Desk) -> None:
    first = await open_turn(desk, "uno")
    answer = reply(first, "¿Número?", asks="estado_pedido")
    events: list[Envelope[Event]] = [
        wrote("uno", "m1"),
        wrap(classified(first), "e-1"),
        wrap(classified(first, Reason.ESCALATED), "e-2"),
        wrote("dos", "m2"),
        answer,
        wrap(sent(answer.id, first)),
        wrap(failed("r-2", first), "e-3"),
        wrap(handoff(first), "e-4"),
        wrote("baja", "m3"),
        wrote("alta", "m4"),
        person_wrote("Hola", "h1"),
    ]
    for each in events:
        await desk.handle(each)
    before = await desk.everything()
    for each in events:
        await desk.handle(each, each)
    await desk.handle(*events)
    assert await desk.everything() == before


async def test_a_crash_before_publishing_leaves_the_turn_in_the_outbox_once(
    desk: Desk, database: Database
) -> None:
    await desk.handle(wrote("hola", "m1"))
    restarted = Desk(database)
    await restarted.handle(wrote("hola", "m1"))
    [row] = await restarted.rows(tables.outbox)
    [turn] = await restarted.turns()
    assert turn.state == "open"
    assert row.event_id in {row.event_id for row in await desk.rows(tables.outbox)}


async def test_a_window_closes_by_itself_soon_after_its_time(desk: Desk) -> None:
    desk.live.settings = desk.live.settings.model_copy(update={"turno_ventana_segundos": 2.0})
    async with ticking(desk):
        await desk.handle(wrote("uno", "m1", gateway=SHOP))
        await desk.handle(wrote("dos", "m2", gateway=SHOP))
        [ready] = await until_published(desk, 1)
    [turn] = await desk.turns()
    assert ready.text == "uno\ndos"
    late = turn.opened_at - turn.release_at
    assert timedelta(0) <= late < timedelta(seconds=5)


async def test_a_deadline_that_passes_lets_the_next_turn_out(desk: Desk) -> None:
    desk.live.settings = desk.live.settings.model_copy(update={"turno_plazo_segundos": 0.3})
    async with ticking(desk):
        first = await open_turn(desk, "uno")
        await desk.handle(wrote("dos", "m2"))
        ready = await until_published(desk, 2)
    assert [each.text for each in ready] == ["uno", "dos"]
    assert ready[1].opened_at >= first.deadline_at
    assert (await desk.turns())[0].closed_by == "deadline"


async def test_an_answer_after_the_deadline_is_kept_and_reopens_nothing(desk: Desk) -> None:
    desk.live.settings = desk.live.settings.model_copy(update={"turno_plazo_segundos": 0.0})
    first = await open_turn(desk, "uno")
    await desk.handle(wrote("dos", "m2"))
    await desk.handle(reply(first))
    assert (await desk.states())[0] == "expired"
    assert [m.text for m in await desk.history()] == ["uno", "dos", "Con gusto"]


async def test_turns_survive_a_crash_and_another_process_releases_them(
    desk: Desk, database: Database
) -> None:
    desk.live.settings = desk.live.settings.model_copy(update={"turno_ventana_segundos": 0.1})
    await desk.handle(wrote("hola", "m1", gateway=SHOP))
    restarted = Desk(database)
    async with ticking(restarted):
        [ready] = await until_published(restarted, 1)
    assert ready.text == "hola"


async def test_a_turn_is_silent_when_a_person_took_over_in_its_window(desk: Desk) -> None:
    await desk.handle(wrote("hola", "m1", gateway=SHOP))
    await desk.handle(person_wrote("Hola, dime", "h1"))
    assert await desk.states() == ["silent"]
    assert await desk.published() == []
