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
        raise Unwritable(
            f"--report {folder}: nothing can be written there ({error.strerror}). "
            "Name a folder of yours."
        ) from error


def write(folder: Path, name: str, page: str) -> Path:
    """Write a page whole or not at all; returns its path."""
    path, part = folder / name, folder / f".{os.getpid()}.part"
    part.write_text(page, encoding="utf-8")
    part.replace(path)
    return path
