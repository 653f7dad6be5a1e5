"""Answers a turn: an answer is asked for once, kept, claimed, and only then requested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from contracts.codec import decode, encode
from contracts.envelope import Envelope, cause, originate
from contracts.events import Author, Event, IntentClassified, ReplyKind, Route, TurnReady
from services.runtime.batch import Result
from services.runtime.live import Live, LiveSettings
from services.storage import catalogue, claims, outbox, teaching
from services.storage.engine import Database
from services.storage.teaching import Question
from services.teacher.answer import Answer
from services.teacher.client import Answered, TeacherClient
from services.teacher.metrics import ANSWERED, TeacherMetrics
from services.teacher.outcome import CURES, Hold, Kind, TeacherFailed, decide
from services.teacher.prompt import HISTORY, Prompt, prompt
from services.teacher.saying import reply_to, sample_of

log = structlog.get_logger(__name__)

SOURCE = "/aprendiz/teacher"
UNKEPT = 1_000
"""Paid answers that are remembered through an outage of the database, at the most."""
Lesson = Envelope[IntentClassified]


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Known:
    """What the database has of a turn: an answer paid before, a person's, what to ask with."""

    paid: Answer | None
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
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep the parts."""
        self._database = database
        self._live = live
        self._client = client
        self._metrics = metrics
        self._wake_outbox = wake_outbox
        self._clock = clock
        self._unkept: dict[str, Answered] = {}

    async def handle(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        """Answer and label each turn.

        Raises:
            TeacherFailed: it may pass, and is worth another try.
        """
        settings = self._live.settings
        return [await self._teach(envelope, settings) for envelope in batch]

    async def _teach(self, lesson: Lesson, settings: LiveSettings) -> Sequence[Event]:
        turn = lesson.data.turn
        if not turn.text.strip():
            await self._hold(lesson, Kind.UNSUPPORTED_KIND, settings)
            return ()
        known = await self._read(turn, settings)
        if known.left_to_a_person:
            return ()
        if known.paid is not None:
            self._metrics.paid_before.inc()
            return await self._answered(lesson, known.paid)
        try:
            answer = await self._ask(turn, known.prompt, settings)
        except TeacherFailed as error:
            await self._failed(lesson, error, settings)
            return ()
        return await self._answered(lesson, answer)

    async def _read(self, turn: TurnReady, settings: LiveSettings) -> Known:
        async with self._database.read() as connection:
            paid = await teaching.paid_answer(connection, turn.turn_id)
            question = await teaching.question(connection, turn.turn_id)
            intents = await catalogue.read(connection)
            history = await teaching.history(connection, turn, HISTORY)
            taken_over = await teaching.taken_over(connection, turn.turn_id)
        return Known(
            paid=Answer.model_validate(paid) if paid else None,
            left_to_a_person=taken_over or _answered_by_a_person(question),
            prompt=prompt(settings, intents, history, turn),
        )

    async def _ask(self, turn: TurnReady, asked: Prompt, settings: LiveSettings) -> Answer:
        """Ask, and keep what was paid for before anything else is done with it."""
        answered = self._unkept.get(turn.turn_id) or await self._call(asked, settings)
        self._unkept[turn.turn_id] = answered
        if len(self._unkept) > UNKEPT:
            del self._unkept[next(iter(self._unkept))]
        fields = answered._asdict() | {"answer": answered.answer.model_dump(mode="json")}
        async with self._database.begin() as connection:
            await teaching.keep_answer(connection, turn.turn_id, teaching.PaidAnswer(**fields))
        self._unkept.pop(turn.turn_id, None)
        return answered.answer

    async def _call(self, asked: Prompt, settings: LiveSettings) -> Answered:
        try:
            with self._metrics.seconds.time():
                answered = await self._client.ask(settings, asked)
        except TeacherFailed as error:
            self._metrics.called(error.kind)
            raise
        self._metrics.called(ANSWERED)
        self._metrics.spent(answered.input_tokens, answered.output_tokens)
        return answered

    async def _answered(self, lesson: Lesson, answer: Answer) -> Sequence[Event]:
        sample = sample_of(lesson.data.turn, answer)
        if lesson.data.route is Route.SHADOW:
            return [sample]
        reply = await self._claim(lesson, answer)
        if reply is None:
            self._metrics.claimed.inc()
            return [sample]
        return [reply, sample]

    async def _claim(self, lesson: Lesson, answer: Answer) -> Event | None:
        """The reply to request, the same one whenever the lesson comes again; None: not ours."""
        turn = lesson.data.turn
        reply = reply_to(turn, answer.reply, ReplyKind.ANSWER, answer.intent)
        [envelope] = cause(lesson, [reply], source=SOURCE)
        async with self._database.begin() as connection:
            # Asking takes its time: a person may have been faster.
            if await teaching.taken_over(connection, turn.turn_id):
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
        reply = reply_to(turn, settings.respuesta_espera, ReplyKind.HOLDING)
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
                await outbox.add(connection, [outbox.NewRow(envelope.id, envelope.type, body)])
        self._wake_outbox()


def _answered_by_a_person(question: Question | None) -> bool:
    """Whether there is nothing left to do. What we answered ourselves may not be published yet."""
    if question is None or question.state != teaching.ANSWERED:
        return False
    return question.answered_by != Author.TEACHER


def _owner(lesson: Lesson) -> str:
    return f"teacher:{lesson.id}"
