"""Who changed what, and when: the history in `auditoria`."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.clock import now
from services.storage.tables import auditoria


class Change(NamedTuple):
    """One change: `what` kind of thing, which one, and its text before and after."""

    what: str
    target: str
    before: str | None
    after: str | None


async def record(connection: AsyncConnection, who: str, changes: Sequence[Change]) -> None:
    """Write the changes down in the transaction that makes them. No secret may be among them."""
    if changes:
        moment = await now(connection)
        rows = [{**change._asdict(), "who": who, "at": moment} for change in changes]
        await connection.execute(insert(auditoria), rows)
