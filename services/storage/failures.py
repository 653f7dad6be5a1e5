"""Buried messages as people see them: looked at, retried or dropped, every change kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage import audit
from services.storage.clock import now
from services.storage.tables import mensajes_fallidos as table
from services.storage.upsert import insert_ignore

BURIED = "buried"
RETRIED = "retried"
DROPPED = "dropped"


class NewFailure(NamedTuple):
    """A buried message. Two of the same ``failure_key`` are the same burial."""

    failure_key: str
    event_id: str | None
    event_type: str | None
    source_queue: str
    routing_key: str
    reason: str
    error: str
    attempts: int
    body: bytes
    headers: Mapping[str, str | int]


class Failure(NamedTuple):
    """A buried message in the table, and what a person did with it."""

    id: int
    event_id: str | None
    event_type: str | None
    source_queue: str
    routing_key: str
    reason: str
    error: str
    attempts: int
    body: bytes
    headers: Mapping[str, str | int]
    state: str
    buried_at: datetime
    settled_at: datetime | None


_COLUMNS = [table.c[name] for name in Failure._fields]


async def store(connection: AsyncConnection, failures: Sequence[NewFailure]) -> None:
    """Keep a batch. One that is there already stays; one that was settled is open again.

    For the same bytes may be published, dropped, and published once more.
    """
    if not failures:
        return
    stamps = {"state": BURIED, "buried_at": await now(connection)}
    rows = [{**each._asdict(), **stamps} for each in sorted(failures, key=lambda each: each[0])]
    await insert_ignore(connection, table, rows)
    again = table.c.failure_key.in_([row["failure_key"] for row in rows])
    reopened = update(table).where(again, table.c.state != BURIED)
    await connection.execute(reopened.values(**stamps, settled_at=None))


async def listed(
    connection: AsyncConnection,
    *,
    state: str | None = BURIED,
    before: int | None = None,
    limit: int,
) -> list[Failure]:
    """Failures in a state (None: all), the newest first, from below the id ``before`` on."""
    query = select(*_COLUMNS).order_by(table.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(table.c.state == state)
    if before is not None:
        query = query.where(table.c.id < before)
    return [Failure(*row) for row in await connection.execute(query)]


async def get(connection: AsyncConnection, failure_id: int) -> Failure | None:
    """One failure, its body included."""
    found = await _select(connection, table.c.id == failure_id)
    return found[0] if found else None


async def buried(connection: AsyncConnection, ids: Sequence[int]) -> list[Failure]:
    """Those of these failures that are still buried, by id."""
    return await _select(connection, table.c.id.in_(ids), table.c.state == BURIED)


async def mark_retried(connection: AsyncConnection, ids: Sequence[int], who: str) -> list[int]:
    """Note that these were published again; returns those that were still buried."""
    return await _settle(connection, ids, RETRIED, who)


async def drop(connection: AsyncConnection, ids: Sequence[int], who: str) -> list[int]:
    """Give these up, their bodies stay to be read; returns those that were still buried."""
    return await _settle(connection, ids, DROPPED, who)


async def _settle(
    connection: AsyncConnection, ids: Sequence[int], state: str, who: str
) -> list[int]:
    settled = [each.id for each in await _lock(connection, ids)]
    if not settled:
        return []
    values = {"state": state, "settled_at": await now(connection)}
    await connection.execute(update(table).where(table.c.id.in_(settled)).values(values))
    changes = [audit.Change("failure", str(each), BURIED, state) for each in settled]
    await audit.record(connection, who, changes)
    return settled


async def _lock(connection: AsyncConnection, ids: Sequence[int]) -> list[Failure]:
    """The buried ones among these, held until the transaction ends: nobody settles them twice."""
    return await _select(connection, table.c.id.in_(ids), table.c.state == BURIED, lock=True)


async def _select(
    connection: AsyncConnection, *conditions: ColumnElement[bool], lock: bool = False
) -> list[Failure]:
    query = select(*_COLUMNS).where(*conditions).order_by(table.c.id)
    rows = await connection.execute(query.with_for_update() if lock else query)
    return [Failure(*row) for row in rows]
