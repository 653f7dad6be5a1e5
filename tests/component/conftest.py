"""Gives a test of a service a database that is up to date, on SQLite and on MariaDB."""

from collections.abc import AsyncIterator

import pytest

from services.storage.engine import Database
from services.storage.migrate import upgrade


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await upgrade(database_url)
    async with Database.open(database_url) as opened:
        yield opened
