"""One process a day forgets what is settled and old, in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import func, insert, select

from services.failures.pruning import Pruning
from services.runtime.live import Live, LiveSettings
from services.storage import leases, retention
from services.storage.clock import now
from services.storage.engine import Database
from services.storage.tables import teacher_answers


async def put(database: Database, count: int, days: float) -> None:
    async with database.begin() as connection:
        moment = await now(connection) - timedelta(days=days)
        rows = [
            {"turn_id": f"{days}-{n}", "answer": {}, "created_at": moment} for n in range(count)
        ]
        await connection.execute(insert(teacher_answers), rows)


async def count(database: Database) -> int:
    async with database.read() as connection:
        query = select(func.count()).select_from(teacher_answers)
        return int(await connection.scalar(query) or 0)


def pruning(database: Database, days: int = 180) -> Pruning:
    return Pruning(database, Live(LiveSettings(retencion_dias=days)), breath=0)


@asynccontextmanager
async def started(database: Database) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(pruning(database).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_more_than_a_step_is_forgotten(database: Database) -> None:
    await put(database, retention.BATCH + 3, 181)
    await put(database, 2, 179)
    gone = await pruning(database).prune(asyncio.Event())
    assert gone["teacher_answers"] == retention.BATCH + 3
    assert await count(database) == 2


async def test_the_setting_says_for_how_long(database: Database) -> None:
    await put(database, 1, 31)
    assert (await pruning(database, 60).prune(asyncio.Event()))["teacher_answers"] == 0
    assert (await pruning(database, 30).prune(asyncio.Event()))["teacher_answers"] == 1


async def test_it_happens_once_a_day_whoever_starts(database: Database) -> None:
    await put(database, 1, 181)
    async with started(database), asyncio.timeout(20):
        while await count(database):  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.02)
    await put(database, 1, 182)
    async with started(database):
        await asyncio.sleep(0.5)
    assert await count(database) == 1
    async with database.begin() as connection:
        assert await leases.acquire(connection, "retention", "another", 1) is None


async def test_it_stops_between_two_steps(database: Database) -> None:
    await put(database, 3, 181)
    stop = asyncio.Event()
    stop.set()
    assert not any((await pruning(database).prune(stop)).values())
