"""Counts rows of a table, for tests that look into the database."""

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def count(connection: AsyncConnection, table: Table, *where: ColumnElement[bool]) -> int:
    """How many rows of `table` are so."""
    query = select(func.count()).select_from(table).where(*where)
    return int(await connection.scalar(query) or 0)
