"""Brings a database to this release's tables, one process at a time, and says where it stands."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.engine import Database
from services.storage.errors import AdoptionRefused, DatabaseAway, SchemaMismatch

VERSION_TABLE = "aprendiz_version"
"""Not Alembic's own name: a shop may migrate its tables with Alembic in the same database."""

SCRIPTS = Path(__file__).resolve().parents[2] / "sql"
"""Alembic's folder in a checkout or an image."""
_UPGRADE_S = 3600.0  # a column added to a shop's large table may copy it
_WAIT_S = 600.0
_POLL_S = 0.05


class SchemaState(StrEnum):
    """How a database's tables stand to this release."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    EMPTY = "empty"
    """No upgrade ever ran here; a shop's own tables may be there."""


_CURES = {
    SchemaState.EMPTY: "The database has none of our tables yet: run `aprendiz db upgrade`.",
    SchemaState.OLDER: "The database's tables are of an older release: run `aprendiz db upgrade`.",
    SchemaState.NEWER: (
        "The database's tables are of a newer release than this program: update the program, or "
        "restore the backup made before `aprendiz db upgrade` was run by the newer one."
    ),
}


async def upgrade(url: str, *, scripts: Path = SCRIPTS) -> None:
    """Bring the database to this release; another upgrade is waited for.

    Raises:
        AdoptionRefused: tables that are there cannot be adopted; names all obstacles.
        SchemaMismatch: the tables are of a newer release.
        DatabaseAway: the database cannot be reached, or another upgrade takes too long.
    """
    async with alone(url) as connection:
        state = await connection.run_sync(_state, scripts)
        if state is SchemaState.NEWER:
            raise SchemaMismatch(_CURES[state])
        try:
            await connection.run_sync(_run, command.upgrade, "head", scripts)
        except AdoptionRefused:
            if state is SchemaState.EMPTY:
                await _forget_version(connection)  # MySQL has kept the empty table
            raise


async def downgrade(url: str, *, to: str = "base", scripts: Path = SCRIPTS) -> None:
    """Drop what our upgrades after revision ``to`` made, and nothing of the shop's."""
    async with alone(url) as connection:
        await connection.run_sync(_run, command.downgrade, to, scripts)
        if await connection.run_sync(_state, scripts) is SchemaState.EMPTY:
            await _forget_version(connection)


async def check(url: str, *, scripts: Path = SCRIPTS) -> SchemaState:
    """Where the database stands; raises DatabaseAway when it can't be asked."""
    async with Database.open(url) as database, database.read() as connection:
        return await connection.run_sync(_state, scripts)


async def require_current(url: str, *, scripts: Path = SCRIPTS) -> None:
    """Return if the tables are this release's.

    Raises:
        SchemaMismatch: they are not; names the cure.
        DatabaseAway: the database can't be asked.
    """
    if cure := _CURES.get(await check(url, scripts=scripts)):
        raise SchemaMismatch(cure)


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection on which nobody else migrates, committed at the end."""
    async with Database.open(url, patience=_UPGRADE_S) as database, _lock(database) as connection:
        yield connection


def _lock(database: Database) -> AbstractAsyncContextManager[AsyncConnection]:
    return _file_lock(database) if database.url.host is None else _server_lock(database)


@asynccontextmanager
async def _server_lock(database: Database) -> AsyncIterator[AsyncConnection]:
    # The lock is held by the very connection that migrates: when its process is killed in the
    # middle of a long ALTER, the server keeps the lock until that statement has ended.
    name = f"aprendiz.upgrade.{database.url.database}"[:64]
    async with database.begin() as connection:
        asked = text("SELECT GET_LOCK(:name, :seconds)")
        if await connection.scalar(asked, {"name": name, "seconds": _WAIT_S}) != 1:
            raise DatabaseAway(_BUSY)
        yield connection
        await connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})


@asynccontextmanager
async def _file_lock(database: Database) -> AsyncIterator[AsyncConnection]:
    with _opened(Path(f"{database.url.database}.upgrade")) as file:
        await _wait_for(file)
        async with database.begin() as connection:
            yield connection


def _opened(path: Path) -> TextIO:
    """An empty file on the database's own disk."""
    try:
        return path.open("w")
    except OSError as error:
        words = f"{path} cannot be written to: {error.strerror}: check the owner and mode of"
        raise DatabaseAway(f"{words} file and folder") from error


async def _wait_for(file: TextIO) -> None:
    """Lock the file; the kernel unlocks it when its process ends, however it ends."""
    deadline = asyncio.get_running_loop().time() + _WAIT_S
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > deadline:
                raise DatabaseAway(_BUSY) from None
        await asyncio.sleep(_POLL_S)


_BUSY = f"Another `aprendiz db upgrade` has been running for {_WAIT_S:g} s: wait until it has ended"


async def _forget_version(connection: AsyncConnection) -> None:
    await connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))


def _run(
    connection: Connection, step: Callable[[Config, str], None], revision: str, scripts: Path
) -> None:
    config = _config(scripts)
    config.attributes["connection"] = connection
    step(config, revision)


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def _state(connection: Connection, scripts: Path) -> SchemaState:
    options = {"version_table": VERSION_TABLE}
    revision = MigrationContext.configure(connection, opts=options).get_current_revision()
    if revision is None:
        return SchemaState.EMPTY
    known = ScriptDirectory.from_config(_config(scripts))
    if revision == known.get_current_head():
        return SchemaState.CURRENT
    return SchemaState.OLDER if _has(known, revision) else SchemaState.NEWER


def _has(known: ScriptDirectory, revision: str) -> bool:
    try:
        return known.get_revision(revision) is not None
    except CommandError:
        return False
