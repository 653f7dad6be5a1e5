"""Gives a test a database that is up to date, on SQLite and on MariaDB."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from services.storage.engine import Database
from services.storage.migrate import upgrade

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
async def upgraded_url(database_url: str) -> str:
    await upgrade(database_url)
    return database_url


@pytest.fixture
async def database(upgraded_url: str) -> AsyncIterator[Database]:
    async with Database.open(upgraded_url) as opened:
        yield opened


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs Python source in a process of its own, which does not outlive the test."""
    processes: list[subprocess.Popen[str]] = []

    def run(source: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", source, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        processes.append(subprocess.Popen(command, text=True, **pipes))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()
