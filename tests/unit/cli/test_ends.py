"""How the ``aprendiz`` command ends when it is interrupted, or its output cannot be written."""

import subprocess
import sys
from pathlib import Path

import pytest

APRENDIZ = [sys.executable, "-m", "services.cli"]
INTERRUPTED_WHILE = """
import signal, sys

class Interrupts:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupts())
sys.argv = ["aprendiz", "doctor"]
from services.cli import main; main()
"""


@pytest.mark.parametrize("module", ["services.cli.app", "typer", "services.cli.options"])
def test_ctrl_c_while_the_command_is_still_imported_ends_it_quietly(module: str) -> None:
    code = INTERRUPTED_WHILE.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-2, "")


def test_a_full_disk_is_said_in_words() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*APRENDIZ, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
