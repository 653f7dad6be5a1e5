"""The numbers that rise with each change, so that processes see in one look what is new."""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.tables import state_versions
from services.storage.upsert import insert_ignore

SETTINGS = "settings"
MODEL = "model"
CATALOGUE = "catalogue"
TRUST = "trust"


async def bump(connection: AsyncConnection, name: str) -> int:
    """Raise a number in the transaction of its change; returns the new one.

    Until the transaction ends, others who change the same thing wait here.
    """
    row = await _row(connection, name)
    raised = {"version": state_versions.c.version + 1}
    await connection.execute(update(state_versions).where(row).values(raised))
    return int(await connection.scalar(select(state_versions.c.version).where(row)) or 0)


async def hold(connection: AsyncConnection, name: str) -> None:
    """Let others who would change the same thing wait until the transaction ends.

    For a change that depends on what there was: read that afterwards.
    """
    row = await _row(connection, name)
    await connection.execute(select(state_versions.c.version).where(row).with_for_update())


async def read(connection: AsyncConnection) -> dict[str, int]:
    """Every number by its name; what never changed is not there and counts as 0."""
    rows = await connection.execute(select(state_versions))
    return {row.name: row.version for row in rows}


async def _row(connection: AsyncConnection, name: str) -> ColumnElement[bool]:
    await insert_ignore(connection, state_versions, [{"name": name, "version": 0}])
    return state_versions.c.name == name
