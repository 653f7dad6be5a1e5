"""The database server is gone for a while in mid-batch: no attempt is counted, nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from contracts.envelope import Envelope
from contracts.topology import BURIED
from infra.servers.databases import create_database
from infra.servers.mariadb import MariaDB
from services.runtime.batch import Result
from services.runtime.broker import Broker
from services.runtime.policy import Rules
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from services.storage.migrate import upgrade
from services.storage.tables import training_samples
from tests.component.runtime.worker import CAUSED_BY, Worker, cause_one, caused, name_of, turn
from tests.conformance.brokers import TOPOLOGY, comes_true, everything, open_broker

OUTAGE = 60.0
"""Seconds without a database, as promised."""
NAMES = [f"{at}" for at in range(200)]
LATE = [f"late-{at}" for at in range(50)]


@pytest.fixture
async def brokers(vhost_url: str, tmp_path: Path) -> AsyncIterator[list[Broker]]:
    """One of each kind; they share the outage."""
    opened = [open_broker(vhost_url), open_broker(str(tmp_path / "broker.sqlite"))]
    for broker in opened:
        await broker.connect()
        await broker.declare(TOPOLOGY)
    yield opened
    for broker in opened:
        await broker.close()


class Writer:
    """A handler that writes each batch in one transaction, and asks for an outage in one."""

    def __init__(self, database: Database, cut_at: str) -> None:
        self._database = database
        self._cut_at = cut_at
        self.writing = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, batch: Sequence[Envelope[Any]]) -> list[Result]:
        names = [name_of(each) for each in batch]
        async with self._database.begin() as connection:
            await connection.execute(insert(training_samples), [{"texto": name} for name in names])
            if self._cut_at in names and not self.gone.is_set():
                self.writing.set()
                await self.gone.wait()
        return await cause_one(batch)


async def written(database: Database) -> int:
    """How many turns were written, each counted once."""
    distinct = select(func.count(func.distinct(training_samples.c.texto)))
    async with database.read() as connection:
        return await connection.scalar(distinct) or 0


@pytest.mark.timeout(OUTAGE + 120)
async def test_a_database_that_is_gone_for_a_while_costs_no_attempt_and_loses_nothing(
    own_mariadb: Callable[[], MariaDB], brokers: list[Broker]
) -> None:
    server = await asyncio.to_thread(own_mariadb)
    async with AsyncExitStack() as stack:
        databases, handlers, workers = [], [], []
        for place, broker in enumerate(brokers):
            url = await create_database(server.url, f"gone_{place}")
            await upgrade(url)
            database = await stack.enter_async_context(Database.open(url))
            databases.append(database)
            handlers.append(Writer(database, "100"))
            await broker.publish([turn(name) for name in NAMES])
            rules = Rules().also_away(DatabaseAway)
            worker = Worker(broker, handlers[-1], rules=rules, probe=database.ping)
            workers.append(await stack.enter_async_context(worker))
        for handler in handlers:
            await handler.writing.wait()

        await asyncio.to_thread(server.kill)
        for handler, broker in zip(handlers, brokers, strict=True):
            handler.gone.set()
            await broker.publish([turn(name) for name in LATE])
        await asyncio.sleep(OUTAGE)
        assert not any(worker.listens() for worker in workers)
        assert all(worker.value("aprendiz_dependency_away") == 1 for worker in workers)
        await asyncio.to_thread(server.start)

        everybody = [*NAMES, *LATE]
        for worker, database, broker in zip(workers, databases, brokers, strict=True):
            await _ends_whole(worker, len(everybody))
            assert worker.outcomes().keys() == {"done", "returned"}
            assert await written(database) == len(everybody)
            done = await everything(broker, CAUSED_BY, count=len(everybody))
            assert sorted(done) == caused(*everybody)
            assert await broker.depth(BURIED) == 0


async def _ends_whole(worker: Worker, count: int) -> None:
    async def is_so() -> bool:
        return worker.outcomes().get("done") == count

    assert await comes_true(is_so, patience=60), worker.outcomes()
