"""The cache of models keeps what is used and what is new, and touches nothing of others."""

from pathlib import Path

import pytest

from services.learning.artifact import MANIFEST, MODEL
from services.learning.cache import NEWEST, forget

VERSIONS = [f"2026110{day}T000000-0000000{day}" for day in range(1, 9)]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Eight models, a day apart."""
    for version in VERSIONS:
        model(tmp_path / version)
    return tmp_path


def model(folder: Path) -> None:
    folder.mkdir()
    for name in (MANIFEST, MODEL):
        (folder / name).write_text("{}")


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def test_the_newest_and_those_in_use_stay(cache: Path) -> None:
    assert sorted(forget(cache, {VERSIONS[0], VERSIONS[2]})) == [VERSIONS[1], *VERSIONS[3:5]]
    assert left(cache) == [VERSIONS[0], VERSIONS[2], *VERSIONS[-NEWEST:]]


def test_a_second_time_there_is_nothing_to_do(cache: Path) -> None:
    forget(cache, {VERSIONS[0]})
    assert forget(cache, {VERSIONS[0]}) == []


def test_a_half_deleted_or_half_written_model_goes_too(cache: Path) -> None:
    (cache / VERSIONS[0] / MANIFEST).unlink()
    (cache / VERSIONS[1] / MODEL).rename(cache / VERSIONS[1] / f".{MODEL}.4711")
    assert {VERSIONS[0], VERSIONS[1]} <= set(forget(cache, set()))
    assert not (cache / VERSIONS[1]).exists()


def test_what_is_not_ours_stays(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "model"
    model(elsewhere)
    (cache / "20200101T000000-00000000").symlink_to(elsewhere)
    model(cache / "backup-of-20260101T000000-00000000")
    (cache / "20210101T000000-00000000").write_text("a file")
    (cache / "notes.txt").write_text("mine")
    model(cache / "20220101T000000-00000000-mine")
    (cache / VERSIONS[0] / "mine.txt").write_text("mine")
    (cache / VERSIONS[1] / f"{MODEL}.mine").write_text("mine")
    before = set(left(cache))
    gone = forget(cache, set(), newest=0)
    assert before - set(left(cache)) == set(gone) == set(VERSIONS[2:])
    assert (elsewhere / MODEL).exists()
    assert (cache / VERSIONS[0] / MODEL).exists()


def test_what_cannot_be_deleted_is_said(cache: Path) -> None:
    """A folder in a file's place: not even root may unlink it."""
    (cache / VERSIONS[0] / MODEL).unlink()
    (cache / VERSIONS[0] / MODEL).mkdir()
    with pytest.raises(OSError, match=MODEL):
        forget(cache, set(), newest=0)
