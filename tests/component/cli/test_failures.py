"""``aprendiz failures``: what was done is on standard output, what was not on standard error."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.storage import failures
from services.storage.engine import Database
from services.storage.failures import NewFailure

UNREADABLE = NewFailure("k", None, None, "", "k", "invalid", "no JSON", 0, b"{", {})
"""Nobody noted the queue that it failed in."""


@pytest.fixture
async def buried(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The number of the one failure that there is."""
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    monkeypatch.setenv("APRENDIZ_DATABASE_URL", database_url)
    async with database.begin() as connection:
        await failures.store(connection, [UNREADABLE])
        [found] = await failures.listed(connection, limit=1)
    return str(found.id)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["failures", *arguments])


def test_what_cannot_be_retried_says_why(buried: str) -> None:
    refused = run("retry", buried)
    assert (refused.exit_code, refused.stdout) == (1, "retried: 0\n")
    assert f"aprendiz: not retried: {buried}: Nobody noted the queue" in refused.stderr


def test_what_is_dropped_twice_says_why_the_second_time(buried: str) -> None:
    dropped = run("drop", buried)
    assert (dropped.exit_code, dropped.stdout, dropped.stderr) == (0, "dropped: 1\n", "")
    again = run("drop", buried)
    assert (again.exit_code, again.stdout) == (1, "dropped: 0\n")
    assert again.stderr == f"aprendiz: not dropped: {buried}: it is not buried (any more)\n"


@pytest.mark.usefixtures("buried")
def test_a_failure_that_there_is_not_prints_no_half_of_a_json() -> None:
    missing = run("show", "999999")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr == "aprendiz: there is no failure 999999: see `aprendiz failures list`\n"
