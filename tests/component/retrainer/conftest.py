"""A shop with a catalogue, and what a retrainer makes of it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from contracts.catalogue import CatalogueIntent, parse_catalogue
from contracts.envelope import Envelope
from contracts.events import Author, Event, SampleRecorded, TrainingRequested
from services.learning.normalise import normalise
from services.retrainer.handler import Handler
from services.retrainer.metrics import TrainingMetrics
from services.retrainer.order import OnProgress, Order, Outcome
from services.retrainer.steering import Steering
from services.retrainer.train import carry_out
from services.retrainer.trainings import Learn, Trainings
from services.runtime.live import Live, LiveSettings
from services.storage import catalogue, models, training
from services.storage.engine import Database
from services.storage.tables import log_entrenamientos
from services.storage.training import Training
from tests.turns import envelope_of

KEY = b"a key of the shop"
CATALOGUE = Path(__file__).parents[3] / "training_data/base_intents.json"
LIKE_NEW = "{} porfa"


@pytest.fixture(scope="session")
def intents() -> tuple[CatalogueIntent, ...]:
    """A third of the examples of six intents: enough to learn from, and quick."""
    six = parse_catalogue(CATALOGUE.read_bytes()).intents[:6]
    return tuple(each.model_copy(update={"examples": each.examples[::3]}) for each in six)


async def at_once(order: Order, on_progress: OnProgress) -> Outcome:
    """Learns in a thread of this process: most of a real training's time is its start."""
    return await asyncio.to_thread(carry_out, order, on_progress)


@dataclass
class Shop:
    """One database, one folder of models, and as many retrainers as a test wants."""

    database: Database
    models_dir: Path
    intents: tuple[CatalogueIntent, ...]
    key: bytes = KEY
    live: Live = field(default_factory=lambda: Live(LiveSettings()))
    outbox_woken: int = 0
    woken: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    """The metrics of all its retrainers."""

    def __post_init__(self) -> None:
        self._metrics = TrainingMetrics(self.registry)

    def retrainer(self, learn: Learn = at_once, **options: Any) -> Trainings:
        return Trainings(
            self.database,
            self.key,
            self.models_dir,
            steering=Steering(lambda: self.live.settings),
            wake_outbox=self._wake_outbox,
            metrics=self._metrics,
            learn=learn,
            **options,
        )

    async def look(self, learn: Learn = at_once) -> bool:
        return await self.retrainer(learn).do_next(self.stop)

    async def take(self, *batch: Envelope[Event]) -> None:
        await Handler(self.database, self.live, self._wake).handle(batch)

    async def take_samples(self, samples: Iterable[tuple[str, str | None]], name: str) -> None:
        """One batch of samples, as the teacher records them."""
        await self.take(
            *(
                envelope_of(sample_of(text, intent), given_id=f"{name}-{place}")
                for place, (text, intent) in enumerate(samples)
            )
        )

    def alike(self, count: int) -> list[tuple[str, str]]:
        """Texts much like the catalogue's, no two alike, rightly labelled."""
        examples = zip_longest(*(intent.examples for intent in self.intents))
        found = {
            normalise(text): (LIKE_NEW.format(text), intent.name)
            for row in examples
            for intent, text in zip(self.intents, row, strict=True)
            if text
        }
        return list(found.values())[:count]

    async def champion(self) -> str | None:
        async with self.database.read() as connection:
            return await models.alias(connection, models.CHAMPION)

    async def history(self) -> list[Training]:
        """The newest first."""
        log = log_entrenamientos.c
        newest = select(log.training_id).order_by(log.created_at.desc(), log.training_id)
        async with self.database.read() as connection:
            ids = (await connection.scalars(newest)).all()
            return [found for each in ids if (found := await training.get(connection, each))]

    def _wake(self) -> None:
        self.woken += 1

    def _wake_outbox(self) -> None:
        self.outbox_woken += 1


@pytest.fixture
async def shop(database: Database, tmp_path: Path, intents: tuple[CatalogueIntent, ...]) -> Shop:
    async with database.begin() as connection:
        await catalogue.seed(connection, intents)
    return Shop(database, tmp_path / "models", intents)


def sample_of(text: str, intent: str | None) -> SampleRecorded:
    return SampleRecorded(text=text, intent=intent, labelled_by=Author.TEACHER, confidence=0.9)


def wish(training_id: str = "wish-1") -> Envelope[Event]:
    event = TrainingRequested(training_id=training_id, requested_by="ana")
    return envelope_of(event, given_id=training_id)


async def learner_of(parent: psutil.Process) -> psutil.Process:
    """The training's process of a retrainer, once there is one."""
    async with asyncio.timeout(20):
        while True:
            for each in parent.children():
                if "services.retrainer.train" in each.cmdline():
                    return each
            await asyncio.sleep(0.02)
