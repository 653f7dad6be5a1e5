"""Where the teacher can't or mustn't answer, a person is asked and the customer is told once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert

from contracts.codec import decode
from contracts.envelope import cause
from contracts.events import (
    Kind,
    ReplyKind,
    ReplyRequested,
    Route,
    TurnReady,
)
from services.runtime.live import LiveSettings
from services.storage import claims, outbox, teaching
from services.storage.engine import Database
from services.storage.tables import messages, turns
from services.teacher.handler import SOURCE
from services.teacher.outcome import TeacherFailed
from tests.component.teacher.conftest import ANSWER, Stand, lesson, said, teach
from tests.servers.openai_server import OpenAIServer, Rule
from tests.turns import row_of, turn_of, written_by_a_person


async def test_without_a_key_the_customer_gets_one_polite_word_and_a_person_is_asked(
    stand: Stand, server: OpenAIServer
) -> None:
    stand.settings = LiveSettings()
    turn = turn_of("¿hacen envíos a Cuzco? 📦")
    for _ in range(2):
        assert await teach(stand.teacher(), lesson(turn)) == [()]
    [holding] = await stand.left()
    assert holding.kind == ReplyKind.HOLDING
    assert holding.text == "¡Gracias por escribirnos! Un asesor te responderá en unos minutos."
    question = await stand.question(turn)
    assert question is not None
    assert (question.state, question.reason, question.turn) == ("waiting", "no_key", turn)
    assert question.text == "¿hacen envíos a Cuzco? 📦"
    assert stand.woken == 2
    assert server.calls == []


async def test_a_holding_reply_says_what_it_answers_and_keeps_its_trace(stand: Stand) -> None:
    stand.settings = LiveSettings()
    asked = lesson(turn_of("pan?"))
    await teach(stand.teacher(), asked)
    async with stand.database.begin() as connection:
        [row] = await outbox.claim(connection, 100, "test", 0)
    holding = decode(row.body)
    assert (holding.causation_id, holding.traceparent) == (asked.id, asked.traceparent)


async def test_a_published_holding_reply_is_not_published_again(stand: Stand) -> None:
    stand.settings = LiveSettings()
    await teach(stand.teacher(), lesson(turn_of("pan?")))
    async with stand.database.begin() as connection:
        rows = await outbox.claim(connection, 100, "test", 0)
        await outbox.done(connection, [row.id for row in rows])
    await teach(stand.teacher(), lesson(turn_of("pan?")))
    assert await stand.left() == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule(status=401), "authentication"),
        (Rule(status=429, code="insufficient_quota"), "quota"),
        (Rule(status=400), "bad_request"),
        (Rule(refusal="No."), "refused"),
    ],
    ids=["401", "quota", "400", "refusal"],
)
async def test_what_fails_for_good_is_held_and_asked(
    stand: Stand, server: OpenAIServer, rule: Rule, reason: str
) -> None:
    server.rules = [rule]
    assert await teach(stand.teacher(), lesson(turn_of("pan?"))) == [()]
    question = await stand.question(turn_of("pan?"))
    assert question is not None
    assert question.reason == reason
    assert len(await stand.left()) == 1


async def test_an_audio_costs_nothing_and_waits_for_a_person(
    stand: Stand, server: OpenAIServer
) -> None:
    turn = turn_of(None, kinds=(Kind.AUDIO,))
    assert await teach(stand.teacher(), lesson(turn)) == [()]
    assert await teach(stand.teacher(), lesson(turn, Route.SHADOW, "e-2")) == [()]
    question = await stand.question(turn)
    assert question is not None
    assert (question.reason, question.text) == ("unsupported_kind", "")
    assert len(await stand.left()) == 1
    assert server.calls == []


async def test_what_may_pass_is_tried_again_in_silence_while_there_is_time(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [Rule(status=500), Rule(status=429), ANSWER]
    for _ in range(2):
        with pytest.raises(TeacherFailed):
            await teach(stand.teacher(), lesson(turn_of("pan?")))
    assert await stand.left() == []
    [[reply, _]] = await teach(stand.teacher(), lesson(turn_of("pan?")))
    assert isinstance(reply, ReplyRequested)


async def test_who_would_wait_too_long_is_told_once_and_may_still_be_answered(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [Rule(status=503), Rule(status=503), ANSWER]
    turn = turn_of("pan?")
    stand.now = turn.deadline_at
    for _ in range(2):
        with pytest.raises(TeacherFailed):
            await teach(stand.teacher(), lesson(turn))
    [holding] = await stand.left()
    asked = lesson(turn)
    [events] = await teach(stand.teacher(), asked)
    assert [event.type for event in events] == ["reply.requested.whatsapp", "sample.recorded"]
    async with stand.database.begin() as connection:
        [row] = await outbox.claim(connection, 100, "test", 0)
    answer = cause(asked, events, source=SOURCE)[0]
    assert holding.kind == ReplyKind.HOLDING
    assert answer.id != row.event_id
    question = await stand.question(turn)
    assert question is not None
    assert (question.state, question.answered_by) == ("answered", "teacher")
    assert await teach(stand.teacher(), asked) == [events]


async def test_at_the_ladders_end_the_question_stays_with_a_person_and_nothing_is_buried(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [Rule(status=503, times=None)]
    turn = turn_of("pan?")
    stand.now = turn.opened_at + timedelta(seconds=340)
    assert await teach(stand.teacher(), lesson(turn)) == [()]
    assert await teach(stand.teacher(), lesson(turn, Route.SHADOW, "e-2")) == [()]
    question = await stand.question(turn)
    assert question is not None
    assert (question.state, question.reason) == ("waiting", "server")
    assert len(await stand.left()) == 1


async def test_what_a_person_has_answered_is_not_paid_for(
    stand: Stand, server: OpenAIServer
) -> None:
    turn = turn_of("pan?")
    async with stand.database.begin() as connection:
        await teaching.ask(connection, turn, "timeout")
        done = await teaching.answer(connection, turn.turn_id, "panel:ana", "Sí hay", "precio")
        assert await teaching.answer(connection, turn.turn_id, "panel:luis", "No", None) is None
        assert await teaching.waiting(connection, 10) == []
    assert done is not None
    assert (done.turn, done.answer, done.intent) == (turn, "Sí hay", "precio")
    assert done.answered_by == "panel:ana"
    assert await teach(stand.teacher(), lesson(turn)) == [()]
    assert server.calls == []


async def take_over(database: Database, turn: TurnReady) -> None:
    """A person of the shop writes to the customer while the turn is open."""
    async with database.begin() as connection:
        await connection.execute(insert(turns).values(row_of(turn, "human")))


async def test_nothing_is_asked_or_promised_once_a_person_has_taken_over(
    stand: Stand, server: OpenAIServer
) -> None:
    asked, silent = turn_of("pan?"), turn_of("", turn_id="t-2")
    for turn in (asked, silent):
        await take_over(stand.database, turn)
        assert await teach(stand.teacher(), lesson(turn)) == [()]
    assert server.calls == []
    assert await stand.left() == []
    assert await stand.question(silent) is None


async def test_a_drawn_turn_is_graded_even_when_a_person_has_taken_over(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    turn = turn_of("pan?")
    await take_over(stand.database, turn)
    [events] = await teach(stand.teacher(), lesson(turn, **said("precio", 0.5)))
    assert [event.type for event in events] == ["sample.recorded"]


async def test_a_person_who_is_faster_than_the_teacher_is_not_talked_over(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [Rule(delay=0.3, intent="precio")]
    turn = turn_of("pan?")
    slow = asyncio.create_task(teach(stand.teacher(), lesson(turn)))
    await server.called.wait()
    await take_over(stand.database, turn)
    [events] = await slow
    assert [event.type for event in events] == ["sample.recorded"]


@pytest.mark.parametrize(("wrote", "answers"), [(-1, 1), (1, 0)], ids=["before", "since"])
async def test_a_person_who_wrote_since_the_turn_was_opened_has_it_whatever_its_state(
    stand: Stand, server: OpenAIServer, wrote: int, answers: int
) -> None:
    """The customer was told to wait, a person answered, and only then the teacher is back."""
    server.rules = [ANSWER]
    turn = turn_of("pan?")
    by_hand = written_by_a_person(turn, turn.opened_at + timedelta(seconds=wrote))
    async with stand.database.begin() as connection:
        await connection.execute(insert(turns).values(row_of(turn, "held")))
        await connection.execute(insert(messages).values(by_hand))
    [events] = await teach(stand.teacher(), lesson(turn))
    assert [isinstance(each, ReplyRequested) for each in events].count(True) == answers
    assert len(server.calls) == answers


async def test_what_a_person_answers_by_hand_to_one_turn_leaves_the_next_to_the_teacher(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    turn = turn_of("pan?")
    by_hand = written_by_a_person(turn, turn.deadline_at) | {"turn_id": "an earlier one"}
    async with stand.database.begin() as connection:
        await connection.execute(insert(turns).values(row_of(turn, "open")))
        await connection.execute(insert(messages).values(by_hand))
    [[reply, *_]] = await teach(stand.teacher(), lesson(turn))
    assert isinstance(reply, ReplyRequested)


async def test_an_answered_turn_that_comes_again_unsure_is_promised_nothing(stand: Stand) -> None:
    stand.settings = LiveSettings()
    turn = turn_of("pan?")
    async with stand.database.begin() as connection:
        await claims.claim(connection, turn.turn_id, "answer", "router:e-0", b"theirs")
    assert await teach(stand.teacher(), lesson(turn)) == [()]
    assert await stand.left() == []
    assert await stand.question(turn) is None


async def test_questions_wait_in_their_order(stand: Stand) -> None:
    async with stand.database.begin() as connection:
        for name in ("t-1", "t-2", "t-3"):
            await teaching.ask(connection, turn_of("pan?", turn_id=name), "no_key")
            await asyncio.sleep(0.005)
        waiting = await teaching.waiting(connection, 2)
    assert [each.turn.turn_id for each in waiting] == ["t-1", "t-2"]
