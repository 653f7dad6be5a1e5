"""A teacher to ask, a server that speaks OpenAI's language, and a client."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from contracts.catalogue import CatalogueIntent
from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events import (
    Event,
    IntentClassified,
    Reason,
    Route,
    TurnReady,
)
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.storage import catalogue, outbox, teaching
from services.storage.engine import Database
from services.teacher.client import TeacherClient
from services.teacher.handler import Teacher
from services.teacher.metrics import TeacherMetrics
from tests.servers.openai_server import OpenAIServer, Rule, running
from tests.turns import SENT_AT, envelope_of

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
async def server() -> AsyncIterator[OpenAIServer]:
    async with running(OpenAIServer()) as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[TeacherClient]:
    made = TeacherClient()
    yield made
    stopped = asyncio.Event()
    stopped.set()
    await made.run(stopped)


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
