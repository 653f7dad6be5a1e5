"""The teacher answers a turn once, pays once, and leaves nobody without a word."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalogue import CatalogueIntent
from contracts.codec import decode, encode
from contracts.envelope import Envelope, cause
from contracts.events import (
    Author,
    Event,
    Graded,
    IntentClassified,
    Kind,
    Reason,
    ReplyKind,
    ReplyRequested,
    Route,
    SampleRecorded,
    TurnReady,
)
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.storage import catalogue, claims, outbox, teaching
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from services.storage.tables import messages, turns
from services.teacher.client import TeacherClient
from services.teacher.handler import SOURCE, Teacher
from services.teacher.metrics import TeacherMetrics
from services.teacher.outcome import TeacherFailed
from tests.servers.openai_server import OpenAIServer, Rule
from tests.turns import SENT_AT, envelope_of, turn_of

INTENTS = [
    CatalogueIntent(
        name=name, description=f"Sobre {name}.", action="text", reply="Hola", examples=("a",)
    )
    for name in ("precio", "horario")
]
SOON = SENT_AT + timedelta(seconds=6)
ANSWER = Rule(intent="precio", reply="El pan cuesta $10 🥖", confidence=0.9)


class Stand:
    """A teacher, and what it needs: each call of ``teacher`` is a fresh process."""

    def __init__(self, database: Database, client: TeacherClient, settings: LiveSettings) -> None:
        self.database = database
        self.settings = settings
        self.client = client
        self.now = SOON
        self.woken = 0
        self.registry = CollectorRegistry()

    def teacher(self) -> Teacher:
        self.registry = CollectorRegistry()
        metrics = TeacherMetrics(Metrics(self.registry))
        live = Live(self.settings)
        return Teacher(self.database, live, self.client, metrics, self._wake, self._clock)

    def _wake(self) -> None:
        self.woken += 1

    def _clock(self) -> datetime:
        return self.now

    async def left(self) -> list[Any]:
        """The events that wait in the outbox."""
        async with self.database.begin() as connection:
            rows = await outbox.claim(connection, 100, "test", 0)
        return [decode(row.body).data for row in rows]

    async def question(self, turn: TurnReady) -> teaching.Question | None:
        async with self.database.read() as connection:
            return await teaching.question(connection, turn.turn_id)

    def count(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
async def stand(database: Database, server: OpenAIServer, client: TeacherClient) -> Stand:
    async with database.begin() as connection:
        await catalogue.seed(connection, INTENTS)
    settings = LiveSettings(
        openai_api_key=SecretStr("sk"), openai_base_url=server.url, openai_segundos=2
    )
    return Stand(database, client, settings)


def lesson(
    turn: TurnReady, route: Route = Route.UNSURE, given_id: str = "e-1", **said: Any
) -> Envelope[IntentClassified]:
    """A turn that no model said anything of, unless ``said`` has what it did."""
    given = {"reason": Reason.BELOW_THRESHOLD, "threshold": 0.8, **said}
    classified = IntentClassified(turn=turn, route=route, **given)
    return envelope_of(classified, given_id=given_id)  # type: ignore[return-value]  # as given


def said(intent: str, confidence: float, *, drawn: bool = True) -> dict[str, Any]:
    """What a student said of a turn."""
    return {
        "intent": intent,
        "confidence": confidence,
        "model_version": "v1",
        "drawn": drawn,
    }


async def teach(teacher: Teacher, *lessons: Envelope[Any]) -> list[Sequence[Event]]:
    results = await teacher.handle(lessons)
    return [result for result in results if not isinstance(result, Exception)]


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


async def test_a_shadow_turn_is_labelled_and_nobody_is_told(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    [events] = await teach(stand.teacher(), lesson(turn_of("pan?"), Route.SHADOW))
    assert [event.type for event in events] == ["sample.recorded"]


async def test_a_label_comes_with_what_the_student_had_said(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    [[sample]] = await teach(
        stand.teacher(), lesson(turn_of("pan?"), Route.SHADOW, **said("precio", 0.97))
    )
    assert isinstance(sample, SampleRecorded)
    assert sample.graded == Graded(said="precio", confidence=0.97, model_version="v1", drawn=True)
    assert not sample.second


@pytest.mark.parametrize(
    "nobody",
    [
        {},
        {"intent": "afirmar", "confidence": 1.0},
        {
            "intent": "de_antes",
            "confidence": 0.99,
            "model_version": "v1",
            "reason": Reason.OUT_OF_SCOPE,
        },
    ],
    ids=["no model", "a rule", "an intent that is gone"],
)
async def test_what_no_model_said_is_not_graded(stand: Stand, nobody: dict[str, Any]) -> None:
    [[_, sample]] = await teach(stand.teacher(), lesson(turn_of("pan?"), **nobody))
    assert isinstance(sample, SampleRecorded)
    assert sample.graded is None


@pytest.mark.parametrize("route", [Route.SHADOW, Route.UNSURE])
async def test_a_firm_disagreement_is_asked_about_once_more_blindly(
    stand: Stand, server: OpenAIServer, route: Route
) -> None:
    server.rules = [ANSWER, Rule(intent="horario", confidence=0.8)]
    first = lesson(turn_of("¿a qué hora hay pan?"), route, **said("horario", 0.9, drawn=False))
    [[*_, sample, dispute]] = await teach(stand.teacher(), first)
    assert isinstance(sample, SampleRecorded)
    assert isinstance(dispute, IntentClassified)
    assert (dispute.type, dispute.reason) == ("intent.classified.shadow", Reason.DISPUTED)
    blind = cause(first, [dispute], source=SOURCE)[0]
    again = await teach(stand.teacher(), blind, blind)
    assert again == [[sample.model_copy(update=SECOND)]] * 2
    assert len(server.calls) == 2
    assert await stand.left() == []


SECOND = {"intent": "horario", "confidence": 0.8, "second": True}


async def test_the_blind_question_knows_neither_the_conversation_nor_the_guess(
    stand: Stand, server: OpenAIServer
) -> None:
    await teach(stand.teacher(), disputed(turn_of("¿a qué hora?", asked="precio")))
    [call] = server.calls
    system, user = (message["content"] for message in call["messages"])
    assert json.loads(user) == {"mensaje_del_cliente": "¿a qué hora?"}
    assert "Sobre horario." in system
    form = call["response_format"]["json_schema"]["schema"]
    assert set(form["required"]) == {"intent", "confidence"}


async def test_what_a_blind_question_needs_no_reply_for(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [Rule(content='{"intent": null, "confidence": 0.7}')]
    [[sample]] = await teach(stand.teacher(), disputed(turn_of("pan?")))
    assert isinstance(sample, SampleRecorded)
    assert (sample.second, sample.intent) == (True, None)


async def test_a_blind_question_that_fails_is_simply_not_settled(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [Rule(status=401)]
    assert await teach(stand.teacher(), disputed(turn_of("pan?"))) == [()]
    assert await stand.left() == []
    assert await stand.question(turn_of("pan?")) is None


def disputed(turn: TurnReady) -> Envelope[IntentClassified]:
    return lesson(turn, Route.SHADOW, **{**said("precio", 0.95), "reason": Reason.DISPUTED})


@pytest.mark.parametrize(
    ("label", "confidence"), [("horario", 0.95), ("precio", 0.89)], ids=["agrees", "not firm"]
)
async def test_nobody_is_asked_twice_otherwise(
    stand: Stand, server: OpenAIServer, label: str, confidence: float
) -> None:
    server.rules = [Rule(intent=label)]
    [events] = await teach(
        stand.teacher(), lesson(turn_of("pan?"), Route.SHADOW, **said("horario", confidence))
    )
    assert [event.type for event in events] == ["sample.recorded"]


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


async def test_a_redelivery_pays_once_and_says_the_same(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [ANSWER, Rule(reply="otra cosa", times=None)]
    first = await teach(stand.teacher(), lesson(turn_of("pan?")))
    again = await teach(stand.teacher(), lesson(turn_of("pan?")), lesson(turn_of("pan?")))
    assert again == first * 2
    assert len(server.calls) == 1
    repeats = {"service": "teacher", "what": "paid"}
    assert stand.count("aprendiz_repeats_dropped_total", **repeats) == 2


class Forgetful(Database):
    """A database that is away when the first paid answer is to be kept."""

    away = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        if self.away:
            self.away = False
            raise DatabaseAway("away for a moment")
        async with super().begin() as connection:
            yield connection


async def test_an_answer_paid_while_the_database_is_away_is_not_paid_again(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER, Rule(reply="otra cosa", times=None)]
    async with Forgetful.open(stand.database.url.render_as_string(hide_password=False)) as database:
        stand.database = database
        database.away = True
        teacher = stand.teacher()
        with pytest.raises(DatabaseAway):
            await teacher.handle([lesson(turn_of("pan?"))])
        [[reply, _]] = await teach(teacher, lesson(turn_of("pan?")))
    assert isinstance(reply, ReplyRequested)
    assert (reply.text, len(server.calls)) == (ANSWER.reply, 1)


async def test_a_shadow_that_is_escalated_later_is_paid_once(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    turn = turn_of("pan?")
    await teach(stand.teacher(), lesson(turn, Route.SHADOW, "e-1"))
    [[reply, _]] = await teach(stand.teacher(), lesson(turn, Route.UNSURE, "e-2"))
    assert isinstance(reply, ReplyRequested)
    assert reply.text == "El pan cuesta $10 🥖"
    assert len(server.calls) == 1


async def test_a_drawn_turn_that_the_router_gives_back_is_paid_and_recorded_once(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [replace(ANSWER, delay=0.3), Rule(reply="otra cosa", times=None)]
    turn, teacher = turn_of("pan?"), stand.teacher()
    word = said("precio", 0.97)
    back = lesson(turn, Route.UNSURE, "e-2", **{**word, "reason": Reason.ESCALATED})
    [[sample]], [[reply]] = await asyncio.gather(
        teach(teacher, lesson(turn, Route.SHADOW, "e-1", **word)), teach(teacher, back)
    )
    assert isinstance(sample, SampleRecorded)
    assert isinstance(reply, ReplyRequested)
    assert reply.text == ANSWER.reply
    assert len(server.calls) == 1


async def test_a_turn_that_another_has_answered_is_only_labelled(
    stand: Stand, server: OpenAIServer
) -> None:
    async with stand.database.begin() as connection:
        await claims.claim(connection, "t-1", "answer", "router:e-0", b"theirs")
    [events] = await teach(stand.teacher(), lesson(turn_of("pan?")))
    assert [event.type for event in events] == ["sample.recorded"]
    repeats = {"service": "teacher", "what": "claimed"}
    assert stand.count("aprendiz_repeats_dropped_total", **repeats) == 1


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
    row = {
        "id": turn.turn_id,
        "conversation_id": turn.conversation_id,
        "state": "human",
        "ordinal": 1,
        "created_at": SENT_AT,
    }
    async with database.begin() as connection:
        await connection.execute(insert(turns).values(row))


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


KILLED = """
import asyncio, os, sys
from prometheus_client import CollectorRegistry
from contracts.codec import decode
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.storage.engine import Database
from services.teacher.client import TeacherClient
from services.teacher.handler import Teacher
from services.teacher.metrics import TeacherMetrics

async def main():
    live = Live(LiveSettings(openai_base_url=sys.argv[2]))
    metrics = TeacherMetrics(Metrics(CollectorRegistry()))
    database = Database.open(sys.argv[1])
    teacher = Teacher(database, live, TeacherClient(), metrics, lambda: None)
    await teacher.handle([decode(sys.stdin.buffer.read())])
    os._exit(9)

asyncio.run(main())
"""


async def test_a_process_killed_after_the_answer_was_kept_neither_pays_nor_says_otherwise(
    stand: Stand, server: OpenAIServer, database_url: str
) -> None:
    server.rules = [ANSWER, Rule(reply="otra cosa", times=None)]
    asked = lesson(turn_of("pan?"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, database_url, server.url, stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(encode(asked))
    assert process.returncode == 9
    [[reply, sample]] = await teach(stand.teacher(), asked)
    assert isinstance(reply, ReplyRequested)
    assert isinstance(sample, SampleRecorded)
    assert (reply.text, sample.intent) == ("El pan cuesta $10 🥖", "precio")
    assert len(server.calls) == 1
