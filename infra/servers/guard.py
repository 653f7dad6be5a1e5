"""Outlives a test session to end its servers and remove its folder, however the session ended.

`python -m infra.servers.guard FOLDER` reads its standard input, whose other end the session holds:
a session that closes it, or that is killed and so loses it, means the same.
"""

import shutil
import sys
from pathlib import Path

from infra.servers.process import kill_all


def main(folder: Path) -> None:
    """Wait for the session's end, then leave nothing of it behind."""
    sys.stdin.buffer.read()
    clear(folder)


def clear(folder: Path) -> None:
    """Kill what runs below a folder and remove it; safe to do twice, also at the same time."""
    kill_all(folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
