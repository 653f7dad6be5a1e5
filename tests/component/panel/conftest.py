"""A panel on a real port, and a client that is not ours."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from contracts.catalogue import parse_catalogue
from infra.servers.ports import free_port
from services.learning.certifying.slot import ModelSlot, TrustSlot
from services.learning.student import Guess, Prediction
from services.panel.wiring import assemble
from services.runtime.embedded import EmbeddedBroker
from services.runtime.health import Outside, probe_of
from services.runtime.live import Live
from services.runtime.metrics import Metrics
from services.runtime.process import Frame
from services.runtime.settings import Settings
from services.storage import catalogue
from services.storage.engine import Database
from services.storage.errors import DatabaseAway

KEY = b"a key of the shop"
CATALOGUE = Path(__file__).parents[3] / "training_data/base_intents.json"


@dataclass(frozen=True)
class Parrot:
    """A student that says the same to everything."""

    confidence: float = 0.9
    version: str = "20260101T000000-00000000"
    intents: tuple[str, ...] = ("precio", "saludo")

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        others = (Guess("saludo", 1 - self.confidence),)
        return [Prediction("precio", self.confidence, others) for _ in texts]


@dataclass
class Panel:
    """A panel that is up, and what lies behind it."""

    client: httpx2.AsyncClient
    port: int
    slot: ModelSlot
    trusted: TrustSlot
    woken: list[None] = field(default_factory=list)


Open = Callable[..., AbstractAsyncContextManager[Panel]]


@pytest.fixture
def open_panel(tmp_path: Path) -> Open:
    """Opens a panel over a database, with settings."""

    @asynccontextmanager
    async def opened(database: Database, **settings: Any) -> AsyncIterator[Panel]:
        port, stop, woken = free_port(), asyncio.Event(), list[None]()
        chosen = Settings(http_port=port, **settings)
        broker = EmbeddedBroker(tmp_path / "broker.sqlite")
        metrics = Metrics(CollectorRegistry())
        frame = Frame(chosen, Live(), broker, metrics, lambda: woken.append(None))
        slot, trusted = ModelSlot(), TrustSlot()
        slot.swap(Parrot())
        outside = Outside(_well, probe_of(database.ping, (DatabaseAway,)))
        part = assemble(frame, database, slot, trusted, outside, KEY)
        serving = asyncio.create_task(part.background[0](stop))
        address = f"http://127.0.0.1:{port}"
        try:
            async with httpx2.AsyncClient(base_url=address, trust_env=False) as client:
                yield Panel(client, port, slot, trusted, woken)
        finally:
            stop.set()
            await serving

    return opened


@pytest.fixture
async def panel(database: Database, open_panel: Open) -> AsyncIterator[Panel]:
    async with database.begin() as connection:
        await catalogue.seed(connection, parse_catalogue(CATALOGUE.read_bytes()).intents[:3])
    async with open_panel(database) as opened:
        yield opened


async def _well() -> str | None:
    return None
