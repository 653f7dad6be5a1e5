"""Commands say what to do where no shop runs, and end with the exit code that they promise."""

from pathlib import Path

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from services.cli.app import app
from tests.e2e.embedded import Home

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty folder."""
    return Home(tmp_path / "new")


async def test_the_help_names_every_command(home: Home) -> None:
    told = await home.command("--help")
    assert (told.code, told.err) == (0, "")
    for name in get_group(app).commands:
        assert name in told.out


@pytest.mark.parametrize("command", get_group(app).commands)
def test_every_command_has_a_help(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"])
    assert told.exit_code == 0
    assert "Usage:" in told.output
    assert command in told.output


async def test_send_to_a_shop_that_does_not_run_says_so_with_exit_code_3(home: Home) -> None:
    await home.command("db", "upgrade")
    sent = await home.command("send", "--wait", "--timeout", "1", "hola")
    assert (sent.code, sent.out) == (3, "")
    assert "is `aprendiz run` running" in sent.err


async def test_an_empty_folder_has_no_tables_and_no_model(home: Home) -> None:
    checked = await home.command("db", "check", "--json")
    assert (checked.code, checked.out) == (1, '{"schema": "empty"}\n')
    refused = await home.command("run", "all", "--no-chat")
    assert refused.code == 1
    assert "aprendiz db upgrade" in refused.err
    assert "Traceback" not in refused.err
    examined = await home.command("doctor")
    assert examined.code == 1
    assert "aprendiz db upgrade" in examined.out


async def test_an_unknown_service_is_wrong_usage(home: Home) -> None:
    wrong = await home.command("run", "clasificador")
    assert wrong.code == 2
    assert "classifier" in wrong.err
