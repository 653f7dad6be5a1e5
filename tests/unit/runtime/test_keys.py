"""The embedded shop's secret: made once, and said in words when it cannot be used."""

import os
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


def test_what_a_killed_start_left_behind_stops_no_later_one(tmp_path: Path) -> None:
    """In a container the next process has the same number."""
    (tmp_path / f"secret.{os.getpid()}").touch()
    assert len(read_keys(here(tmp_path)).secret) == 64


@pytest.mark.parametrize("content", ["", "short\n"])
def test_an_empty_or_cut_secret_is_named_with_its_cure(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content)
    with pytest.raises(SettingsError, match=r"/secret is empty or cut: .* backup.* remove it"):
        read_keys(here(tmp_path))


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(SettingsError, match=r"/secret cannot be used: Is a directory"):
        read_keys(here(tmp_path))
