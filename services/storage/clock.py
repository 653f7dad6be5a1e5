"""The database's clock: the only one that processes on several machines share."""

from datetime import datetime

from sqlalchemy import ColumnClause, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.columns import UtcDateTime

_CLOCKS = {
    "mysql": "UTC_TIMESTAMP(6)",
    # Milliseconds are all that SQLite tells; padded, they sort among stored microseconds.
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'",
}


async def now(connection: AsyncConnection) -> datetime:
    """What time it is in the database, aware, in UTC.

    Ask after a lock was taken, not before: the wait for it takes time too.
    """
    clock: ColumnClause[datetime] = literal_column(_CLOCKS[connection.dialect.name], UtcDateTime())
    return (await connection.execute(select(clock))).scalar_one()
