"""The labelled rows that commands are given: ``FILE`` or ``FILE:SPLIT,...``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.learning.student import Example

ROWS = "FILE[:SPLIT,...]"


def rows_of(named: list[str]) -> "list[Example]":
    """The rows that FILE or FILE:SPLIT,... name; a file whose own name has a colon is that file."""
    from services.learning.judging.labelled import read_labelled

    return [row for name in named for row in read_labelled(*file_and_splits(name))]


def file_and_splits(name: str) -> tuple[Path, list[str]]:
    """What FILE or FILE:SPLIT,... names; raises LabelledFileError when it names no split."""
    from services.learning.judging.labelled import LabelledFileError

    file, colon, splits = name.rpartition(":")
    if not colon or _is_there(Path(name)):
        return Path(name), []
    named = [each.strip() for each in splits.split(",") if each.strip()]
    if not named:  # as a script's variable that is empty leaves it
        raise LabelledFileError(f"{file}: no split is named behind the colon.")
    return Path(file), named


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long
        return False


@contextmanager
def naming(named: Sequence[str]) -> Iterator[None]:
    """Rows that teach nothing are refused under these names; raises LabelledFileError."""
    from services.learning.judging.labelled import LabelledFileError
    from services.learning.recipe.training import TrainingDataError

    try:
        yield
    except TrainingDataError as error:
        raise LabelledFileError(f"{', '.join(named)}: {error}") from error
