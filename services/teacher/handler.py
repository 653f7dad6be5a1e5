"""Answers a turn: an answer is asked for once, kept, claimed, and only then requested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from contracts.codec import decode, encode
from contracts.envelope import Envelope, cause, originate
from contracts.events import (
    Author,
    Event,
    IntentClassified,
    Reason,
    ReplyKind,
    ReplyRequested,
    Route,
    TurnReady,
)
from contracts.topology import source_of
from services.runtime.batch import Result
from services.runtime.clock import Clock, utc_now
from services.runtime.live import Live, LiveSettings
from services.storage import catalogue, claims, outbox, teaching, turns
from services.storage.engine import Database
from services.storage.teaching import Question
from services.teacher.answer import Answer
from services.teacher.asking import Asking
from services.teacher.client import TeacherClient
from services.teacher.labelling import events_for_student, sample_of
from services.teacher.metrics import TeacherMetrics
from services.teacher.outcome import CURES, Hold, Kind, TeacherFailed, decide
from services.teacher.prompt import HISTORY, Prompt, blind, prompt

log = structlog.get_logger(__name__)

SOURCE = source_of("teacher")
Lesson = Envelope[IntentClassified]


@dataclass(frozen=True)
class Known:
    """What the database has of a turn."""

    left_to_a_person: bool
    """One has answered the question, or has written to the customer."""
    prompt: Prompt


class Teacher:
    """Takes unsure turns, to be answered and labelled, and shadow turns, to be labelled."""

    def __init__(
        self,
        database: Database,
        live: Live,
        client: TeacherClient,
        metrics: TeacherMetrics,
        wake_outbox: Callable[[], None],
        clock: Clock = utc_now,
    ) -> None:
        """Keep the parts."""
        self._database = database
        self._live = live
        self._metrics = metrics
        self._asking = Asking(database, client, metrics)
        self._wake_outbox = wake_outbox
        self._clock = clock

    async def handle(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        """Answer and label each turn.

        Raises:
            TeacherFailed: it may pass, and is worth another try.
        """
        settings = self._live.settings
        return [await self._teach(envelope, settings) for envelope in batch]

    async def _teach(self, lesson: Lesson, settings: LiveSettings) -> Sequence[Event]:
        if not lesson.data.turn.text.strip():
            await self._hold(lesson, Kind.UNSUPPORTED_KIND, settings)
            return ()
        try:
            if lesson.data.reason is Reason.DISPUTED:
                return await self._ask_blindly(lesson, settings)
            return await self._ask(lesson, settings)
        except TeacherFailed as error:
            await self._failed(lesson, error, settings)
            return ()

    async def _ask(self, lesson: Lesson, settings: LiveSettings) -> Sequence[Event]:
        turn = lesson.data.turn
        known = await self._read(turn, settings)
        # A drawn turn is graded whatever became of it: one that is left out would bias the rest.
        if known.left_to_a_person and not lesson.data.drawn:
            return ()
        answer = await self._asking.answer(turn.turn_id, known.prompt, settings)
        return await self._answered(lesson, answer)

    async def _ask_blindly(self, lesson: Lesson, settings: LiveSettings) -> Sequence[Event]:
        turn = lesson.data.turn
        async with self._database.read() as connection:
            intents = await catalogue.read(connection)
        key = f"{turn.turn_id}/second"
        answer = await self._asking.answer(key, blind(intents, turn), settings)
        return [sample_of(lesson.data, answer)]

    async def _read(self, turn: TurnReady, settings: LiveSettings) -> Known:
        async with self._database.read() as connection:
            question = await teaching.question(connection, turn.turn_id)
            intents = await catalogue.read(connection)
            history = await teaching.history(connection, turn, HISTORY)
            taken_over = bool(await turns.taken_over(connection, [turn.turn_id]))
        return Known(
            left_to_a_person=taken_over or _answered_by_a_person(question),
            prompt=prompt(settings, intents, history, turn),
        )

    async def _answered(self, lesson: Lesson, answer: Answer) -> Sequence[Event]:
        for_student = events_for_student(lesson.data, answer)
        if lesson.data.route is Route.SHADOW:
            return for_student
        reply = await self._claim(lesson, answer)
        if reply is None:
            self._metrics.claimed.inc()
            return for_student
        return [reply, *for_student]

    async def _claim(self, lesson: Lesson, answer: Answer) -> Event | None:
        """The reply to request, the same one whenever the lesson comes again; None: not ours."""
        turn = lesson.data.turn
        reply = ReplyRequested.to(turn, answer.reply, Author.TEACHER, intent=answer.intent)
        [envelope] = cause(lesson, [reply], source=SOURCE)
        async with self._database.begin() as connection:
            # Asking takes its time: a person may have been faster.
            if await turns.taken_over(connection, [turn.turn_id]):
                return None
            ours = await claims.claim(
                connection, turn.turn_id, reply.kind, _owner(lesson), encode(envelope)
            )
            if ours is not None:
                told = (turn.turn_id, Author.TEACHER.value, answer.reply, answer.intent)
                await teaching.answer(connection, *told)
        return None if ours is None else decode(ours).data

    async def _failed(self, lesson: Lesson, error: TeacherFailed, settings: LiveSettings) -> None:
        turn = lesson.data.turn
        if error.kind in CURES:
            log.error("the teacher cannot be asked", why=str(error), cure=CURES[error.kind])
        call = timedelta(seconds=settings.openai_segundos)
        outcome = decide(error.kind, turn, self._clock(), call)
        if isinstance(outcome, Hold) or outcome.hold:
            await self._hold(lesson, error.kind, settings)
        if not isinstance(outcome, Hold):
            raise error

    async def _hold(self, lesson: Lesson, kind: Kind, settings: LiveSettings) -> None:
        """Tell the customer once that a person will answer, and let the question wait for one.

        Through the outbox, in one transaction: it must also leave when the turn is tried again.
        """
        if lesson.data.route is Route.SHADOW:
            return
        turn = lesson.data.turn
        reply = ReplyRequested.to(
            turn, settings.respuesta_espera, Author.TEACHER, kind=ReplyKind.HOLDING
        )
        made = originate(reply, source=SOURCE, given_id=f"{turn.turn_id}/{reply.kind}")
        envelope = replace(made, causation_id=lesson.id, traceparent=lesson.traceparent)
        body = encode(envelope)
        async with self._database.begin() as connection:
            # Another road may have answered: a turn can come here twice and be judged differently.
            if await teaching.settled(connection, turn.turn_id):
                return
            await teaching.ask(connection, turn, kind)
            ours = await claims.claim(connection, turn.turn_id, reply.kind, _owner(lesson), body)
            # What was claimed before was also put into the outbox then.
            if ours == body:
                await outbox.add(connection, [outbox.NewRow.of(envelope)])
        self._wake_outbox()


def _answered_by_a_person(question: Question | None) -> bool:
    """Whether there is nothing left to do. What we answered ourselves may not be published yet."""
    if question is None or question.state != teaching.ANSWERED:
        return False
    return question.answered_by != Author.TEACHER


def _owner(lesson: Lesson) -> str:
    return f"teacher:{lesson.id}"
