"""A server set up loosely, as an old shop's may be, keeps our values exactly all the same."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, text

from infra.servers.databases import create_database
from infra.servers.mariadb import MariaDB
from services.storage import outbox
from services.storage.engine import Database
from services.storage.errors import DatabaseError
from services.storage.migrate import require_current, upgrade
from services.storage.outbox import NewRow
from services.storage.tables import leases, training_samples

LOOSE = (
    "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT', "
    "GLOBAL time_zone = '-05:00', GLOBAL wait_timeout = 30"
)
WORDS = "a\\'b\"c'; -- 🙂"
BODY = bytes(range(256))


@pytest.fixture
async def url(own_mariadb: Callable[[], MariaDB]) -> str:
    server = own_mariadb()
    url = await create_database(server.url, "loose")
    async with Database.open(url) as database, database.begin() as connection:
        await connection.execute(text(LOOSE))
    await upgrade(url)
    return url


async def test_a_loose_server_neither_cuts_nor_changes_what_it_is_given(url: str) -> None:
    await require_current(url)
    async with Database.open(url) as database:
        with pytest.raises(DatabaseError, match="too long"):
            async with database.begin() as connection:
                await connection.execute(insert(leases).values(name="n" * 65, token=1))
        async with database.begin() as connection:
            await connection.execute(insert(training_samples).values(texto=WORDS))
            await outbox.add(connection, [NewRow("e", "k", BODY)])
        async with database.begin() as connection:
            assert await connection.scalar(select(training_samples.c.texto)) == WORDS
            assert [row.body for row in await outbox.claim(connection, 1, "me", 30)] == [BODY]
            assert await outbox.claim(connection, 1, "you", 30) == []
