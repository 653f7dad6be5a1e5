"""Gets an answer and pays for it once: it is kept before anything else is done with it."""

from asyncio import Lock
from weakref import WeakValueDictionary

from services.runtime.live import LiveSettings
from services.storage import teaching
from services.storage.engine import Database
from services.teacher.answer import Answer
from services.teacher.client import Answered, TeacherClient
from services.teacher.metrics import ANSWERED, TeacherMetrics
from services.teacher.outcome import TeacherFailed
from services.teacher.prompt import Prompt

UNKEPT = 1_000
"""Paid answers that are remembered through an outage of the database, at the most."""


class Asking:
    """Asks the teacher, or repeats what it said before."""

    def __init__(self, database: Database, client: TeacherClient, metrics: TeacherMetrics) -> None:
        """Keep the parts."""
        self._database = database
        self._client = client
        self._metrics = metrics
        self._unkept: dict[str, Answered] = {}
        self._locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    async def answer(self, key: str, asked: Prompt, settings: LiveSettings) -> Answer:
        """The answer that was kept under this key before, else a new one.

        Raises:
            TeacherFailed: there is none; says why.
        """
        # A drawn turn that the router gives back comes here twice within moments.
        async with self._locks.setdefault(key, Lock()):
            async with self._database.read() as connection:
                kept = await teaching.paid_answer(connection, key)
            if kept is None:
                return await self._paid(key, asked, settings)
            self._metrics.paid_before.inc()
            return Answer.model_validate(kept)

    async def _paid(self, key: str, asked: Prompt, settings: LiveSettings) -> Answer:
        answered = self._unkept.get(key) or await self._call(asked, settings)
        self._unkept[key] = answered
        if len(self._unkept) > UNKEPT:
            del self._unkept[next(iter(self._unkept))]
        fields = answered._asdict() | {"answer": answered.answer.model_dump(mode="json")}
        async with self._database.begin() as connection:
            await teaching.keep_answer(connection, key, teaching.PaidAnswer(**fields))
        self._unkept.pop(key, None)
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
