"""Forgets models in this machine's cache; the database has every one that may still be wanted."""

import re
from collections.abc import Collection
from pathlib import Path

from services.learning.artifact import MANIFEST, MODEL

NEWEST = 3
"""So many stay beside those in use: a training leaves its model here before it is in force."""
_VERSION = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
_FILES = "|".join(map(re.escape, (MANIFEST, MODEL)))
# The second form is what a process was writing when it was killed.
_OURS = re.compile(rf"{_FILES}|\.({_FILES})\.\d+")


def forget(models_dir: Path, used: Collection[str], newest: int = NEWEST) -> list[str]:
    """Delete the files of old models that are not ``used``; returns the versions that went.

    Only what we wrote goes: a folder with another name, or with anything else in it, stays.

    Raises:
        OSError: a file cannot be deleted.
    """
    versions = sorted((path for path in models_dir.iterdir() if _is_model(path)), reverse=True)
    old = [path for path in versions[newest:] if path.name not in used]
    for path in old:
        # The manifest first: a folder without one is never loaded.
        (path / MANIFEST).unlink(missing_ok=True)
        for each in path.iterdir():
            each.unlink(missing_ok=True)
        path.rmdir()
    return [path.name for path in old]


def _is_model(path: Path) -> bool:
    if not _VERSION.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
        return False
    return all(_OURS.fullmatch(each.name) for each in path.iterdir())
