"""The settings in the database: read whole, written with their history."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage import audit, versions
from services.storage.clock import now
from services.storage.secrets import is_encrypted
from services.storage.tables import configuracion_plataforma as table

MASK = "(secret)"
"""What the history shows for a secret."""


class StoredSettings(NamedTuple):
    """All keys of the table, others' included, as they are stored; secrets may be encrypted."""

    version: int
    values: dict[str, str | None]


async def read(connection: AsyncConnection) -> StoredSettings:
    """Everything that is stored, and the version that it is."""
    # The version first: what is written between the two reads is then read again, not missed.
    version = (await versions.read(connection)).get(versions.SETTINGS, 0)
    rows = await connection.execute(select(table.c.clave, table.c.valor))
    return StoredSettings(version, {row.clave: row.valor for row in rows})


async def fingerprint(connection: AsyncConnection, names: Collection[str]) -> int:
    """Another number whenever one of these settings has changed, also when others wrote it."""
    stored = await read(connection)
    ours = sorted((name, stored.values[name]) for name in stored.values.keys() & set(names))
    return crc32(repr((stored.version, ours)).encode())


async def write(connection: AsyncConnection, changes: Mapping[str, str | None], who: str) -> int:
    """Store changed keys; None takes a key out, back to its default. Returns the new version.

    The history masks whatever is or was stored encrypted.
    """
    version = await versions.bump(connection, versions.SETTINGS)
    before = (await read(connection)).values
    moment = await now(connection)
    for key, value in changes.items():
        await _write_one(connection, key, value, key in before, who, moment)
    await audit.record(
        connection,
        who,
        [
            _change(key, before.get(key), value)
            for key, value in changes.items()
            if before.get(key) != value
        ],
    )
    return version


async def _write_one(
    connection: AsyncConnection,
    key: str,
    value: str | None,
    stored: bool,
    who: str,
    moment: datetime,
) -> None:
    row = {"valor": value, "updated_at": moment, "updated_by": who}
    if value is None:
        await connection.execute(delete(table).where(table.c.clave == key))
    elif stored:
        # Not an upsert: the other columns of an adopted table are the shop's, and stay.
        await connection.execute(update(table).where(table.c.clave == key).values(row))
    else:
        await connection.execute(insert(table).values(clave=key, **row).inline())


def _change(key: str, before: str | None, after: str | None) -> audit.Change:
    hidden = any(is_encrypted(value) for value in (before, after) if value)
    return audit.Change(
        "setting",
        key,
        MASK if hidden and before else before,
        MASK if hidden and after else after,
    )
