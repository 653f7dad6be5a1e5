"""What commands print, run in the test's own process, which reads the words' meanings once."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from services.cli.app import app


def printed(*arguments: str | Path) -> str:
    """What the command prints; it must succeed."""
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def figures(*arguments: str | Path) -> dict[str, Any]:
    """What it prints with ``--json``."""
    found: dict[str, Any] = json.loads(printed(*arguments, "--json"))
    return found
