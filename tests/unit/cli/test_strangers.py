"""What strangers publish does not stop a command."""

import asyncio
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.codec import encode
from contracts.envelope import Envelope, originate
from contracts.events import Event, ReplySent
from contracts.samples import golden
from services.cli.app import app
from services.cli.line import Line
from services.cli.run import run
from services.runtime.broker import Delivery
from services.runtime.settings import SettingsError
from services.storage import failures, secrets, settings
from services.storage.engine import Database
from services.storage.migrate import upgrade

HOSTILE = failures.NewFailure(
    "k", None, "x", "q", "k", "invalid", "expected one of; got '[/red]'", 0, b"{", {}
)


async def _bury(url: str) -> None:
    await upgrade(url)
    async with Database.open(url) as database, database.begin() as connection:
        await failures.store(connection, [HOSTILE])


def test_a_failure_that_looks_like_markup_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    asyncio.run(_bury(f"sqlite:///{tmp_path / 'aprendiz.sqlite'}"))
    listed = CliRunner().invoke(app, ["failures", "list"], env={"COLUMNS": "200"})
    assert listed.exit_code == 0, listed.output
    assert "[/red]" in listed.output


def test_a_folder_that_looks_like_markup_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "a[" / "b]c"
    monkeypatch.setenv("APRENDIZ_HOME", str(home))
    examined = CliRunner().invoke(app, ["doctor"])
    assert isinstance(examined.exception, SystemExit), examined.output
    assert f"ok broker: embedded, {home}" in examined.output


def test_a_setting_that_is_left_at_its_default_is_named_by_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    asyncio.run(upgrade(f"sqlite:///{tmp_path / 'aprendiz.sqlite'}"))
    assert "ok settings: understood" in CliRunner().invoke(app, ["doctor"]).output
    monkeypatch.setenv("APRENDIZ_ML_UMBRAL_CONFIANZA", "800")
    examined = CliRunner().invoke(app, ["doctor"])
    assert examined.exit_code == 1
    assert "no settings: APRENDIZ_ML_UMBRAL_CONFIANZA: Input should be less" in examined.output


async def _save_a_key_of_before(url: str) -> None:
    foreign = secrets.encrypt(secrets.encryption_key(b"another secret"), "sk-1")
    async with Database.open(url) as database, database.begin() as connection:
        await settings.write(connection, {"openai_api_key": foreign}, "ana")


def test_a_stored_secret_that_does_not_open_any_more_is_named_by_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'aprendiz.sqlite'}"
    asyncio.run(upgrade(url))
    asyncio.run(_save_a_key_of_before(url))
    examined = CliRunner().invoke(app, ["doctor"])
    assert (
        "no settings: openai_api_key: A stored secret does not open: bring the former"
        in examined.output
    )


def test_a_folder_of_models_that_cannot_be_written_to_is_named_with_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    monkeypatch.setenv("APRENDIZ_MODELS_DIR", str(tmp_path / "file" / "models"))
    examined = CliRunner().invoke(app, ["doctor"])
    assert f"no models folder: {tmp_path}/file/models cannot be written to" in examined.output
    assert "set APRENDIZ_MODELS_DIR" in examined.output
    monkeypatch.setenv("APRENDIZ_MODELS_DIR", str(tmp_path / ("m" * 300)))  # cannot be asked about
    assert "set APRENDIZ_MODELS_DIR" in CliRunner().invoke(app, ["doctor"]).output


class Terminal(StringIO):
    """A person's keyboard."""

    def isatty(self) -> bool:
        return True


def test_a_log_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aprendiz.log").mkdir()
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", Terminal())
    with pytest.raises(SettingsError, match=r"/aprendiz\.log cannot be written: Is a directory"):
        run()


class Heard:
    """A listener that has heard these bodies."""

    def __init__(self, *bodies: bytes) -> None:
        self._bodies = bodies

    async def take(self, limit: int) -> list[Delivery]:
        return [Delivery("tap", "k", body, {}, "", 0, 1) for body in self._bodies]


async def test_a_body_that_is_no_event_does_not_end_a_conversation() -> None:
    reply: Envelope[Event] = golden()["reply.requested"]
    sent = ReplySent(
        **golden()["reply.sent"].data.model_dump(exclude={"reply_id"}), reply_id=reply.id
    )
    end = encode(originate(sent, source="/test", given_id="1"))
    heard = Heard(b"no es nada", encode(reply), end)
    line = Line(None, heard, reply.subject)  # type: ignore[arg-type]  # nothing is said
    assert (await line.answer(0.0)).reply == reply.data
