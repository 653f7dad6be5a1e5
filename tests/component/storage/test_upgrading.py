"""Upgrades wait for each other, survive being killed, and go from release to release."""

import asyncio
import shutil
import signal
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.engine import Database
from services.storage.errors import DatabaseAway, SchemaMismatch
from services.storage.migrate import (
    SCRIPTS,
    SchemaState,
    check,
    downgrade,
    require_current,
    upgrade,
)
from services.storage.tables import aprendiz_created, intenciones_sistema, leases, pedidos
from tests.component.storage.conftest import Start
from tests.component.storage.test_schema import differences

_UPGRADE = """
import asyncio, sys
from services.storage.migrate import upgrade
print("ready", flush=True)
asyncio.run(upgrade(sys.argv[1]))
"""

_DOCS = SCRIPTS.parent / "docs" / "storage.md"


async def _tables(url: str) -> set[str]:
    async with Database.open(url) as database, database.read() as connection:
        return set(await connection.run_sync(lambda each: inspect(each).get_table_names()))


async def _is_whole(url: str) -> bool:
    await require_current(url)
    async with Database.open(url) as database, database.read() as connection:
        return await connection.run_sync(differences) == []


async def test_two_upgrades_at_once_both_end_well(database_url: str, start: Start) -> None:
    processes = [start(_UPGRADE, database_url) for _ in range(2)]
    for process in processes:
        said, _ = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0, said
    assert await _is_whole(database_url)


async def test_an_upgrade_killed_half_way_is_finished_by_the_next(
    mariadb_url: str, start: Start
) -> None:
    async with Database.open(mariadb_url) as shop:
        async with shop.begin() as connection:
            await connection.execute(text("CREATE TABLE pedidos (numero VARCHAR(191) PRIMARY KEY)"))
        async with shop.begin() as connection:
            # Who reads a table holds back whoever alters it.
            await connection.execute(text("SELECT * FROM pedidos"))
            process = start(_UPGRADE, mariadb_url)
            while not await _altering(connection):
                assert process.poll() is None, "the upgrade passed what should have held it back"
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.wait, 10)
            assert await check(mariadb_url) is SchemaState.EMPTY
            following = asyncio.create_task(upgrade(mariadb_url))
            await asyncio.sleep(0.3)
            assert not following.done(), "the dead process's statement still runs on the server"
        await following
    await require_current(mariadb_url)
    assert await _columns(mariadb_url, "pedidos") == {each.name for each in pedidos.columns}
    await downgrade(mariadb_url)
    assert await _tables(mariadb_url) == {"pedidos"}
    assert await _columns(mariadb_url, "pedidos") == {"numero"}


async def _altering(connection: AsyncConnection) -> bool:
    query = text(
        "SELECT COUNT(*) FROM information_schema.processlist "
        "WHERE db = DATABASE() AND info LIKE 'ALTER TABLE%' AND state LIKE '%metadata lock%'"
    )
    return bool(await connection.scalar(query))


async def _columns(url: str, table: str) -> set[str]:
    async with Database.open(url) as database, database.read() as connection:
        found = await connection.run_sync(lambda each: inspect(each).get_columns(table))
    return {each["name"] for each in found}


@pytest.mark.parametrize("after", [0.02, 0.1, 0.2])
async def test_an_upgrade_of_a_file_that_is_killed_leaves_it_as_it_was_or_done(
    sqlite_url: str, start: Start, after: float
) -> None:
    process = start(_UPGRADE, sqlite_url)
    assert process.stdout is not None
    await asyncio.to_thread(process.stdout.readline)
    await asyncio.sleep(after)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait, 10)
    assert await check(sqlite_url) in (SchemaState.EMPTY, SchemaState.CURRENT)
    await upgrade(sqlite_url)
    assert await _is_whole(sqlite_url)


async def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite.upgrade").mkdir()
    with pytest.raises(
        DatabaseAway, match=r"/shop\.sqlite\.upgrade cannot be written to: Is a dir"
    ):
        await upgrade(f"sqlite:///{tmp_path / 'shop.sqlite'}")


async def test_each_step_may_have_been_the_last_before_a_kill(mariadb_url: str) -> None:
    """What MySQL has kept of a killed upgrade: notes, a table without its indexes, no version."""
    await upgrade(mariadb_url)
    async with Database.open(mariadb_url) as database, database.begin() as connection:
        for undone in (
            "DELETE FROM aprendiz_version",
            "DROP INDEX turns_release ON turns",
            "DROP INDEX outbox_event_id ON outbox",
            "ALTER TABLE messages DROP COLUMN silent_reason",
            "DROP TABLE pedidos",
        ):
            await connection.execute(text(undone))
    await upgrade(mariadb_url)
    assert await _is_whole(mariadb_url)


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """The migrations of a release after this one, written as the docs show."""
    scripts = tmp_path / "sql"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    revision = _DOCS.read_text().split("```python\n")[1].split("```")[0]
    (scripts / "versions" / "0005_next.py").write_text(revision)
    return scripts


async def test_an_older_schema_is_refused_until_it_is_upgraded(
    database_url: str, next_release: Path
) -> None:
    await upgrade(database_url)
    assert await check(database_url, scripts=next_release) is SchemaState.OLDER
    with pytest.raises(SchemaMismatch, match=r"older release: run `aprendiz db upgrade`"):
        await require_current(database_url, scripts=next_release)
    await upgrade(database_url, scripts=next_release)
    await require_current(database_url, scripts=next_release)
    assert await check(database_url) is SchemaState.NEWER


async def test_a_later_revision_adds_to_our_tables_and_takes_back_only_that(
    database_url: str, next_release: Path
) -> None:
    await upgrade(database_url)
    await upgrade(database_url, scripts=next_release)
    async with Database.open(database_url) as database, database.read() as connection:
        columns = await connection.run_sync(lambda each: inspect(each).get_columns("conversations"))
        made = select(aprendiz_created.c.kind, aprendiz_created.c.name)
        rows = await connection.execute(made.where(aprendiz_created.c.revision == "0006"))
        assert {tuple(row) for row in rows} == {
            ("column", "language"),
            ("column", "vip"),
            ("index", "conversations_language"),
            ("table", "visits"),
        }
    assert {each["name"]: each["nullable"] for each in columns}["vip"] is False
    await downgrade(database_url, to="0005", scripts=next_release)
    assert await _is_whole(database_url)


async def test_a_shop_of_the_release_before_keeps_what_a_yes_and_a_no_do(
    database_url: str,
) -> None:
    await upgrade(database_url)
    await downgrade(database_url, to="0003")
    stored = {"negar": "context", "si": "context", "pago": "reply"}
    async with Database.open(database_url) as database:
        async with database.begin() as connection:
            rows = [{"nombre": name, "accion": action} for name, action in stored.items()]
            await connection.execute(insert(intenciones_sistema), rows)
        await upgrade(database_url)
        assert await _actions(database) == {"negar": "deny", "si": "affirm", "pago": "reply"}
        await downgrade(database_url, to="0003")
        assert await _actions(database) == stored


async def _actions(database: Database) -> dict[str, str]:
    columns = intenciones_sistema.c
    async with database.read() as connection:
        rows = await connection.execute(select(columns.nombre, columns.accion))
        return {row.nombre: row.accion for row in rows}


async def test_going_down_and_up_keeps_a_shop_that_came_between(database_url: str) -> None:
    await upgrade(database_url)
    await downgrade(database_url)
    async with Database.open(database_url) as database:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE leases (name VARCHAR(64) PRIMARY KEY)"))
            await connection.execute(text("INSERT INTO leases VALUES ('of the shop')"))
        await upgrade(database_url)
        await downgrade(database_url)
        async with database.read() as connection:
            assert await connection.scalar(select(leases.c.name)) == "of the shop"
