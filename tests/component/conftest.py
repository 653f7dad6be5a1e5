"""Gives a test of a service a database that is up to date, on SQLite and on MariaDB."""

from collections.abc import AsyncIterator

import pytest

from services.storage.engine import Database
from tests.component.templates import Templates


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
async def upgraded_url(database_url: str, templates: Templates) -> str:
    """The URL of a database whose tables are there, and hold what they begin with."""
    await templates.fill(database_url)
    return database_url


@pytest.fixture
async def database(upgraded_url: str) -> AsyncIterator[Database]:
    async with Database.open(upgraded_url) as opened:
        yield opened
