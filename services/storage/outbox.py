"""Events that are written with the change that caused them, until the broker has them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.codec import encode
from contracts.envelope import Envelope
from services.storage.clock import now
from services.storage.engine import Database
from services.storage.tables import outbox
from services.storage.upsert import insert_ignore


class NewRow(NamedTuple):
    """An event to be published."""

    event_id: str
    routing_key: str
    body: bytes

    @classmethod
    def of(cls, envelope: Envelope[Any]) -> "NewRow":
        """An envelope, to be published under its type."""
        return cls(envelope.id, envelope.type, encode(envelope))


class Row(NamedTuple):
    """An event that waits; `id` rises in the order of writing."""

    id: int
    event_id: str
    routing_key: str
    body: bytes


async def add(connection: AsyncConnection, rows: Iterable[NewRow]) -> None:
    """Write events in the caller's transaction; one whose event id waits already is left out."""
    moment = await now(connection)
    written = [{**row._asdict(), "created_at": moment} for row in rows]
    await insert_ignore(connection, outbox, written)


async def claim(
    connection: AsyncConnection, limit: int, holder: str, seconds: float
) -> Sequence[Row]:
    """The oldest rows that nobody else has claimed, ours for so many seconds."""
    moment = await now(connection)
    free = or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= moment)
    oldest = (
        select(outbox.c.id, outbox.c.event_id, outbox.c.routing_key, outbox.c.body)
        .where(free)
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = [Row(*row) for row in await connection.execute(oldest)]
    if rows:
        ours = outbox.c.id.in_([row.id for row in rows])
        until = moment + timedelta(seconds=seconds)
        claimed = update(outbox).where(ours).values(claimed_by=holder, claimed_until=until)
        await connection.execute(claimed)
    return rows


async def done(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Forget rows that the broker has confirmed."""
    if ids:
        await connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


async def release(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Hand rows back that could not be published, so that they needn't wait for the claim's end."""
    if ids:
        free = update(outbox).where(outbox.c.id.in_(ids))
        await connection.execute(free.values(claimed_by=None, claimed_until=None))


class OutboxStore:
    """The outbox as one publisher sees it, a transaction for each step."""

    def __init__(self, database: Database, holder: str) -> None:
        """``holder`` names the process, and no other."""
        self._database = database
        self._holder = holder

    async def claim(self, limit: int, seconds: float) -> Sequence[Row]:
        """The oldest rows that nobody else has claimed, claimed for so many seconds."""
        # A look costs no lock: an idle shop's processes come by every second.
        async with self._database.read() as connection:
            if await connection.scalar(select(outbox.c.id).limit(1)) is None:
                return []
        async with self._database.begin() as connection:
            return await claim(connection, limit, self._holder, seconds)

    async def done(self, ids: Sequence[int]) -> None:
        """Forget rows that the broker has confirmed."""
        if ids:
            async with self._database.begin() as connection:
                await done(connection, ids)

    async def release(self, ids: Sequence[int]) -> None:
        """Hand rows back that could not be published, to be claimed again at once."""
        if ids:
            async with self._database.begin() as connection:
                await release(connection, ids)
