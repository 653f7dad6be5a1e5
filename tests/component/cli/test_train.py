"""``aprendiz train``: a training is watched, left alone, or cancelled."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from contracts.events import TrainingRequested
from services.cli.line import connected, read
from services.runtime.settings import Settings
from services.storage import training
from services.storage.engine import Database
from services.storage.training import Request, State

Command = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def aprendiz(database_url: str, tmp_path: Path) -> Command:
    """Starts ``aprendiz train`` over a database and a broker of its own."""
    return partial(aprendiz_at, tmp_path, database_url=database_url)


def aprendiz_at(home: Path, *arguments: str, database_url: str = "") -> subprocess.Popen[str]:
    """Without a URL the database is the embedded one, which nobody has made."""
    url = database_url or f"sqlite+aiosqlite:///{home / 'none.sqlite'}"
    settings = {"APRENDIZ_HOME": str(home), "APRENDIZ_DATABASE_URL": url}
    path = str(Path(__file__).parents[3])
    return subprocess.Popen(
        [sys.executable, "-m", "services.cli", "train", *arguments],
        env={**os.environ, **settings, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def asked(database: Database, training_id: str) -> None:
    async with database.begin() as connection:
        await training.request(connection, [Request(training_id, "ana")])


async def state_of(database: Database, training_id: str) -> str | None:
    async with database.read() as connection:
        found = await training.get(connection, training_id)
    return found and found.state


async def test_a_training_is_cancelled_by_its_id(database: Database, aprendiz: Command) -> None:
    await asked(database, "wish-1")
    process = aprendiz("--cancel", "wish-1")
    said, complained = process.communicate(timeout=30)
    assert process.returncode == 0, complained
    assert said == "cancelled, wish-1: the model in force stays\n"
    assert await state_of(database, "wish-1") == State.CANCELLED


async def test_what_cannot_be_cancelled_is_said(database: Database, aprendiz: Command) -> None:
    await asked(database, "wish-1")
    async with database.begin() as connection:
        await training.cancel(connection, "wish-1", "ana")
    ended = "aprendiz: it has ended already: cancelled\n"
    for name, words in (("wish-1", ended), ("no", "aprendiz: there is no training no\n")):
        process = aprendiz("--cancel", name)
        assert process.communicate(timeout=30) == ("", words)
        assert process.returncode == 1


async def test_a_cancelled_training_is_json_too(database: Database, aprendiz: Command) -> None:
    await asked(database, "wish-1")
    for name, cancelled, state in (("wish-1", True, "cancelled"), ("no", False, None)):
        said, _ = aprendiz("--cancel", name, "--json").communicate(timeout=30)
        assert json.loads(said) == {"training_id": name, "cancelled": cancelled, "state": state}


async def test_who_cancels_a_training_is_noted(database: Database, aprendiz: Command) -> None:
    await asked(database, "wish-1")
    _said(aprendiz("--cancel", "wish-1", "--by", "Ana"))
    async with database.read() as connection:
        found = await training.get(connection, "wish-1")
    assert found is not None
    assert found.reason == "Cancelled by Ana."


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    process = aprendiz_at(tmp_path, "--by", "x" * 192)
    _, complained = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "a name has at most 191 characters" in complained


async def test_ctrl_c_ends_the_watching_alone(database: Database, aprendiz: Command) -> None:
    """It says how the training is cancelled; nothing was, whether or not a retrainer is there."""
    training_id = json.loads(_said(aprendiz("--no-wait", "--json")))["training_id"]
    assert await state_of(database, training_id) is None, "no retrainer has taken it yet"
    process = aprendiz("--json")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=4)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "")
    assert "`aprendiz train --cancel " in complained


def test_a_training_that_nobody_takes_is_json_too(aprendiz: Command, database: Database) -> None:
    process = aprendiz("--json", "--timeout", "0.5")
    said, complained = process.communicate(timeout=30)
    assert process.returncode == 3
    assert json.loads(said)["state"] is None
    assert "is a retrainer running?" in complained


@pytest.mark.parametrize("as_json", [False, True])
async def test_why_a_training_failed_is_on_standard_error(
    database: Database, aprendiz: Command, tmp_path: Path, as_json: bool
) -> None:
    settings = Settings(home=tmp_path, amqp_url=None)
    async with connected(settings) as broker, broker.listen([TrainingRequested.TYPE]) as listener:
        process = aprendiz(*(["--json"] if as_json else []))
        [delivery] = await listener.take(1)
    envelope = read(delivery.body)
    assert envelope is not None
    training_id = envelope.data.training_id
    await asked(database, training_id)
    async with database.begin() as connection:
        await training.finish(connection, training_id, State.FAILED, "the disk is full", {})
    said, complained = process.communicate(timeout=30)
    assert (process.returncode, complained) == (1, "aprendiz: the disk is full\n")
    states = [json.loads(line)["state"] for line in said.splitlines() if line]
    assert states == ["failed"] * as_json


def test_without_tables_nothing_is_asked(tmp_path: Path) -> None:
    process = aprendiz_at(tmp_path)
    _, complained = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "run `aprendiz db upgrade`" in complained
    assert not (tmp_path / "broker.sqlite").exists()


def _said(process: subprocess.Popen[str]) -> str:
    said, complained = process.communicate(timeout=30)
    assert process.returncode == 0, complained
    return said
