"""Several processes write to one row, and nothing is lost."""

import asyncio
import gc
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, text, update

from services.storage.engine import Database
from services.storage.errors import DatabaseAway, DatabaseError
from services.storage.tables import leases, productos, state_versions
from services.storage.upsert import insert_ignore, upsert
from services.storage.versions import bump, read
from tests.component.storage.conftest import Start

_COUNT = """
import asyncio, sys
from sqlalchemy import select, update
from services.storage.engine import Database
from services.storage.tables import state_versions as table

async def main(url):
    row = table.c.name == "count"
    async with Database.open(url) as database:
        for _ in range(100):
            async with database.begin() as connection:
                seen = await connection.scalar(select(table.c.version).where(row).with_for_update())
                await connection.execute(update(table).where(row).values(version=seen + 1))

asyncio.run(main(sys.argv[1]))
"""

_A_LONG_QUERY = {
    # The first of its two rows takes a while, and the second is never asked for.
    "sqlite": "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted "
    "WHERE n < 1000000) SELECT max(n) FROM counted UNION ALL SELECT 1",
    "mysql": "SELECT sleep(1)",
}


async def test_three_processes_that_read_then_write_one_row_count_exactly(
    upgraded_url: str, database: Database, start: Start
) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(state_versions).values(name="count", version=0))
    processes = [start(_COUNT, upgraded_url) for _ in range(3)]
    for process in processes:
        said, _ = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0, said
    async with database.read() as connection:
        assert await read(connection) == {"count": 300}


async def test_tasks_of_one_process_raise_a_version_one_after_the_other(database: Database) -> None:
    async def raise_it() -> int:
        async with database.begin() as connection:
            return await bump(connection, "settings")

    raised = await asyncio.gather(*(raise_it() for _ in range(12)))
    assert sorted(raised) == list(range(1, 13))


async def _change_my_mind(database: Database) -> None:
    async with database.begin() as connection:
        await bump(connection, "settings")
        raise RuntimeError("changed my mind")


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        await _change_my_mind(database)
    async with database.read() as connection:
        assert await read(connection) == {}


async def test_what_is_written_in_a_reading_transaction_is_not_kept(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(insert(state_versions).values(name="a", version=1))
    async with database.read() as connection:
        assert await read(connection) == {}


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What only the garbage collector would free stays as it is."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_a_transaction_cancelled_in_mid_query_gives_its_lock_back(
    upgraded_url: str, database: Database
) -> None:
    async def count() -> None:
        async with database.begin() as connection:
            await bump(connection, "settings")
            await connection.execute(text(_A_LONG_QUERY[database.url.get_backend_name()]))

    counting = asyncio.create_task(count())
    await asyncio.sleep(0.1)
    counting.cancel()
    await asyncio.wait([counting])
    assert counting.cancelled()
    async with Database.open(upgraded_url, patience=5) as other, other.begin() as connection:
        assert await bump(connection, "settings") == 1


async def test_a_lock_that_does_not_come_free_is_away_not_wrong(upgraded_url: str) -> None:
    async with (
        Database.open(upgraded_url) as holder,
        Database.open(upgraded_url, patience=1) as waiter,
    ):
        async with holder.begin() as connection:
            await connection.execute(insert(state_versions).values(name="a", version=1))
            with pytest.raises(DatabaseAway):
                async with waiter.begin() as other:
                    await other.execute(insert(state_versions).values(name="a", version=2))
        async with holder.read() as connection:
            assert await read(connection) == {"a": 1}


async def test_insert_ignore_keeps_the_first_row_of_a_key(database: Database) -> None:
    async with database.begin() as connection:
        for token in (1, 2):
            rows = [{"name": name, "token": token} for name in ("a", "b")]
            await insert_ignore(connection, leases, rows)
        await insert_ignore(
            connection, leases, [{"name": "c", "token": 3}, {"name": "a", "token": 3}]
        )
        await insert_ignore(connection, leases, [])
    async with database.read() as connection:
        kept = await connection.execute(select(leases.c.name, leases.c.token))
        assert {row.name: row.token for row in kept} == {"a": 1, "b": 1, "c": 3}


async def test_insert_ignore_also_heeds_keys_beside_the_row_number(database: Database) -> None:
    async with database.begin() as connection:
        for name in ("first", "second"):
            await insert_ignore(connection, productos, [{"sku": "A1", "nombre": name}])
    async with database.read() as connection:
        assert list(await connection.scalars(select(productos.c.nombre))) == ["first"]


async def test_insert_ignore_still_raises_what_is_wrong(database: Database) -> None:
    with pytest.raises(Exception, match=r"token|NOT NULL"):
        async with database.begin() as connection:
            await insert_ignore(connection, leases, [{"name": "a", "token": None}])


async def test_upsert_replaces_what_it_names_and_leaves_the_rest(database: Database) -> None:
    async with database.begin() as connection:
        await upsert(connection, leases, [{"name": "a", "token": 1, "holder": "me"}])
        await upsert(connection, leases, [{"name": "a", "token": 2}, {"name": "b", "token": 3}])
        await connection.execute(update(leases).where(leases.c.name == "b").values(holder="you"))
    async with database.read() as connection:
        rows = await connection.execute(select(leases.c.name, leases.c.token, leases.c.holder))
        assert {tuple(row) for row in rows} == {("a", 2, "me"), ("b", 3, "you")}


async def _write_half_a_message(database: Database, words: str) -> None:
    half = text("INSERT INTO messages (id, text) VALUES ('1', :text)")
    async with database.begin() as connection:
        await connection.execute(half, {"text": words})


async def test_a_refused_statement_tells_nobody_what_people_wrote(database: Database) -> None:
    words = "soy Ana, +5215512345678"
    with pytest.raises(DatabaseError) as refused:
        await _write_half_a_message(database, words)
    assert words not in "".join(traceback.format_exception(refused.value))
