"""Where ``--report DIR`` writes its page."""

import os
from pathlib import Path

from services.cli.charts import require_matplotlib


class Unwritable(ValueError):
    """No report can be written there; the message says why."""


def prepare(folder: Path) -> None:
    """Make the folder, before the work and not after it.

    Raises:
        ChartsMissing: there is nothing to draw with.
        Unwritable: no file can be made there.
    """
    require_matplotlib()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error


def write(folder: Path, name: str, page: str) -> Path:
    """Write a page whole or not at all; returns its path. Raises Unwritable."""
    path, part = folder / name, folder / f".{os.getpid()}.part"
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    return path


def _unwritable(place: Path, error: OSError) -> Unwritable:
    return Unwritable(
        f"--report {place}: nothing can be written there ({error.strerror}). "
        "Name a folder of yours."
    )
