"""What is in force of the student's trust, and how it came about: one row each time it changes."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage import versions
from services.storage.clock import now
from services.storage.tables import certificates

LOOK, ALARM, PROMOTION, TARGET = "look", "alarm", "promotion", "target"
"""What may have caused a row; the last: a raised target."""

_c = certificates.c


class Certificate(NamedTuple):
    """A row of the history. Shares are in [0, 1].

    `threshold` was in force from then on; `certified`, `provisional`, `floor` and `was_certified`
    are what the next decision needs. `seen_up_to` (an evidence id) is of a look or an alarm,
    `number` and `level` of a look; `accepted_rows`, `right_rows`, `bound` and its `basis` are what
    the last of either found; without a basis it is agreement. `kept_out` are the intents whose rows
    the last look left out, `chosen_for` is the target of the `provisional` threshold.
    """

    cause: str
    model_version: str | None
    state: str
    threshold: float
    certified: float | None
    provisional: float | None
    floor: float | None
    was_certified: bool
    number: int | None
    level: float | None
    seen_up_to: int | None
    looked_at: int
    accepted_rows: int
    right_rows: int
    bound: float | None
    basis: str | None
    kept_out: list[str] | None
    chosen_for: float | None
    target: float
    why: str
    created_at: datetime | None = None


async def add(connection: AsyncConnection, certificate: Certificate) -> int:
    """Put another one in force; returns the version number that processes follow."""
    row: dict[str, Any] = certificate._asdict() | {"created_at": await now(connection)}
    await connection.execute(insert(certificates).values(row))
    return await versions.bump(connection, versions.TRUST)


async def newest(connection: AsyncConnection) -> Certificate | None:
    """The one in force."""
    found = await history(connection, 1)
    return found[0] if found else None


async def to_replace(connection: AsyncConnection) -> Certificate | None:
    """The one in force, which nobody else replaces until the transaction ends.

    A look and a promotion may come at the same moment: neither must undo what the other found.
    """
    await versions.hold(connection, versions.TRUST)
    return await newest(connection)


async def history(connection: AsyncConnection, limit: int = 100) -> list[Certificate]:
    """The newest ones, newest first."""
    columns = [certificates.c[name] for name in Certificate._fields]
    query = select(*columns).order_by(_c.id.desc()).limit(limit)
    return [Certificate(*row) for row in await connection.execute(query)]


async def provisional_for(
    connection: AsyncConnection, version: str | None, target: float
) -> float | None:
    """The threshold that was last chosen for a model and a target; None: none ever was for it.

    Where none was for this target, the one for its last other target.
    """
    of = and_(_c.model_version == version, _c.provisional.is_not(None))
    for_this_target = case((_c.chosen_for == target, 1), else_=0)
    query = select(_c.provisional).where(of).order_by(for_this_target.desc(), _c.id.desc())
    return await connection.scalar(query.limit(1))


async def last_look(connection: AsyncConnection) -> int:
    """The newest row of evidence that a look has seen; 0 when there was no look."""
    query = select(func.max(_c.seen_up_to)).where(_c.cause == LOOK)
    return int(await connection.scalar(query) or 0)


async def looks_since(connection: AsyncConnection, first: int) -> int:
    """How many looks saw evidence from the row `first` on: they share it with the next look."""
    query = select(func.count()).select_from(certificates)
    return int(await connection.scalar(query.where(_c.cause == LOOK, _c.seen_up_to >= first)) or 0)
