"""The embedded shop's secret: made once, and said in words when it cannot be used."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.keys import read_keys
from services.runtime.settings import Settings, SettingsError


def here(home: Path) -> Settings:
    return Settings(home=home, database_url=None, secret_key=None)


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = read_keys(here(tmp_path / "home"))
    assert read_keys(here(tmp_path / "home")) == made
    [file] = (tmp_path / "home").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("secret", 0o600)


KILLED = """
import os, signal, sys
from pathlib import Path
from services.runtime.keys import read_keys
from services.runtime.settings import Settings

os.fsync = lambda _descriptor: os.kill(os.getpid(), signal.SIGKILL)
read_keys(Settings(home=Path(sys.argv[1]), database_url=None, secret_key=None))
"""
START = """
import sys
from pathlib import Path
from services.runtime.keys import read_keys
from services.runtime.settings import Settings

print(read_keys(Settings(home=Path(sys.argv[1]), database_url=None, secret_key=None)).secret)
"""


def test_what_a_killed_start_left_behind_is_gone_after_the_next(tmp_path: Path) -> None:
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
        assert killed.returncode == -signal.SIGKILL
    assert len(read_keys(here(tmp_path)).secret) == 64
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_starts_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({start.communicate()[0] for start in starts}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", ["", "short\n"])
def test_an_empty_or_cut_secret_is_named_with_its_cure(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content)
    with pytest.raises(SettingsError, match=r"/secret is empty or cut: .* backup.* remove it"):
        read_keys(here(tmp_path))


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(SettingsError, match=r"/secret cannot be used: Is a directory"):
        read_keys(here(tmp_path))
