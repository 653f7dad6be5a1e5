"""The server goes away in the middle of work: we are told so, and need no restart after it."""

import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import func, insert, select

from infra.servers.databases import create_database
from infra.servers.mariadb import MariaDB
from infra.servers.process import SUFFIX, read_pid
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from services.storage.migrate import check, upgrade
from services.storage.tables import training_samples

BATCH = [{"texto": f"muestra {number}"} for number in range(100)]


@pytest.fixture(scope="module")
def server(own_mariadb: Callable[[], MariaDB]) -> MariaDB:
    return own_mariadb()


@pytest.fixture
async def url(server: MariaDB) -> str:
    url = await create_database(server.url, f"gone_{secrets.token_hex(4)}")
    await upgrade(url)
    return url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database.open(url) as opened:
        yield opened


async def _write(database: Database, batch: list[dict[str, str]] = BATCH) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(training_samples), batch)


async def _count(database: Database) -> int:
    async with database.read() as connection:
        count = await connection.scalar(select(func.count()).select_from(training_samples))
    return count or 0


async def _write_while(database: Database, happens: Callable[[], None]) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(training_samples), BATCH)
        happens()
        await connection.execute(insert(training_samples), BATCH)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_batch_cut_short_is_away_and_leaves_nothing_and_the_next_goes_through(
    server: MariaDB, database: Database, end: str
) -> None:
    await _write(database)
    with pytest.raises(DatabaseAway):
        await _write_while(database, getattr(server, end))
    with pytest.raises(DatabaseAway):
        await database.ping()
    with pytest.raises(DatabaseAway):
        await _write(database)
    server.start()
    await database.ping()
    await _write(database)
    assert await _count(database) == 200


async def test_connections_that_the_server_closed_are_replaced_unseen(
    server: MariaDB, database: Database
) -> None:
    await _write(database)
    server.restart()
    await _write(database)
    assert await _count(database) == 200


async def test_a_server_that_is_silent_is_away_when_patience_ends(
    server: MariaDB, url: str
) -> None:
    pid = read_pid(server.folder / f"mariadb{SUFFIX}")
    assert pid is not None
    async with Database.open(url, patience=1) as database:
        await database.ping()
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(DatabaseAway, match="did not answer within 1 s"):
                await database.ping()
            assert time.monotonic() - began < 5
        finally:
            os.kill(pid, signal.SIGCONT)
        await database.ping()


async def test_nobody_at_the_address_is_away_and_the_password_is_not_told(server: MariaDB) -> None:
    nobody = f"mysql://ana:hunter2@127.0.0.1:{server.port}/gone"
    server.stop()
    with pytest.raises(DatabaseAway) as refused:
        await check(nobody)
    assert "hunter2" not in str(refused.value)
    server.start()
    with pytest.raises(DatabaseAway, match="Access denied"):
        await check(nobody)
    with pytest.raises(DatabaseAway, match="Unknown database"):
        await check(f"mysql://root@127.0.0.1:{server.port}/nowhere")
