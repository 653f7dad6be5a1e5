"""The tables come up from nothing, are what the code says, and go away again."""

import asyncio
import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from services.storage import tables
from services.storage.engine import Database
from services.storage.errors import SchemaMismatch
from services.storage.migrate import (
    SCRIPTS,
    VERSION_TABLE,
    SchemaState,
    check,
    downgrade,
    require_current,
    upgrade,
)


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "version_table": VERSION_TABLE}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, tables.metadata))


def _tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


async def test_the_migrations_make_exactly_the_tables_that_the_code_names(
    database_url: str,
) -> None:
    await upgrade(database_url)
    async with Database.open(database_url) as database, database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_down_leaves_an_empty_database(database_url: str) -> None:
    await upgrade(database_url)
    await downgrade(database_url)
    async with Database.open(database_url) as database, database.read() as connection:
        left = await connection.run_sync(_tables)
    assert [name for name in left if not name.startswith("sqlite_")] == []


async def test_up_down_and_up_again_is_current(database_url: str) -> None:
    await upgrade(database_url)
    await downgrade(database_url)
    assert await check(database_url) is SchemaState.EMPTY
    await upgrade(database_url)
    assert await check(database_url) is SchemaState.CURRENT
    await require_current(database_url)


async def test_a_database_without_tables_is_refused_with_the_command_that_helps(
    database_url: str,
) -> None:
    with pytest.raises(SchemaMismatch, match="run `aprendiz db upgrade`"):
        await require_current(database_url)


async def test_a_newer_schema_is_refused_by_services_and_by_upgrade(
    database_url: str,
) -> None:
    await upgrade(database_url)
    await _stamp(database_url, "9999")
    assert await check(database_url) is SchemaState.NEWER
    with pytest.raises(SchemaMismatch, match="newer release than this program"):
        await require_current(database_url)
    with pytest.raises(SchemaMismatch, match="newer release than this program"):
        await upgrade(database_url)


async def _stamp(url: str, revision: str) -> None:
    async with Database.open(url) as database, database.begin() as connection:
        changed = f"UPDATE {VERSION_TABLE} SET version_num = :revision"
        await connection.execute(text(changed), {"revision": revision})


async def test_a_developer_may_run_alembic_by_hand(database_url: str) -> None:
    command = [sys.executable, "-m", "alembic", "-c", "sql/alembic.ini", "upgrade", "head"]
    environment = {**os.environ, "APRENDIZ_DATABASE_URL": database_url}
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=SCRIPTS.parent,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    await require_current(database_url)
