"""The history of trainings knows which was the last, whatever the clocks said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from services.storage import training
from services.storage.engine import Database
from services.storage.tables import log_entrenamientos
from services.storage.training import Request, State

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


async def ended(database: Database, name: str, up_to: int, **details: Any) -> None:
    """A training that was refused."""
    async with database.begin() as connection:
        await training.begin(connection, Request(name, "automatic"), up_to, details)
        await training.finish(connection, name, State.REFUSED, "Refused: worse.", details)


async def intents_seen(database: Database) -> str | None:
    async with database.read() as connection:
        return await training.intents_seen(connection)


@pytest.mark.parametrize(
    ("first", "second"),
    [((7, 1), (9, 2)), ((9, 1), (9, 2))],
    ids=["after new samples", "after another change of the catalogue"],
)
async def test_the_last_training_is_known_although_the_clock_was_set_back(
    database: Database, first: tuple[int, int], second: tuple[int, int]
) -> None:
    for name, (up_to, lease) in (("first", first), ("second", second)):
        await ended(database, name, up_to, intents=name, lease=lease)
    async with database.begin() as connection:
        before = log_entrenamientos.c.training_id == "first"
        await connection.execute(update(log_entrenamientos).where(before).values(finished_at=LATER))
    assert await intents_seen(database) == "second"


async def test_trainings_that_noted_no_intents_are_passed_over(database: Database) -> None:
    assert await intents_seen(database) is None
    await ended(database, "first", 7, intents="first")
    await ended(database, "second", 9)
    async with database.begin() as connection:
        await training.request(connection, [Request("third", "ana")])
        assert await training.cancel(connection, "third", "ana")
    assert await intents_seen(database) == "first"
