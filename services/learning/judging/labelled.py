"""Reads labelled messages out of files: JSON Lines, or a catalogue with its examples."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from contracts.catalogue import OUT_OF_SCOPE, CatalogueError, parse_catalogue
from services.learning.encoding import decoded
from services.learning.student import Example

_HALVES = re.compile("[\ud800-\udfff]")
"""JSON may spell them one by one; no file or terminal takes them."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Signs that steer a terminal, or end its line."""

_ONE_A_LINE = (
    'Write one row a line, without a list around them: {"text": ..., "intent": ...}. '
    "A table such as CSV is read by `aprendiz estimate` alone."
)


_ENDS_IN_A_COMMA = "Leave out the comma at the line's end."


class LabelledFileError(ValueError):
    """The file holds no usable rows; the message names the file, the line and the field."""


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """What a customer writes, what it truly means, and what the teacher would say of it."""

    text: str
    intent: str
    teacher: str


class _Row(NamedTuple):
    example: Example
    split: str | None
    teacher: str | None = None


def read_labelled(path: Path, splits: Collection[str] = ()) -> list[Example]:
    """The rows of a file in its order; with `splits`, those alone whose `split` is among them.

    A row is `{"text": ..., "intent": ...}`; a catalogue such as `base_intents.json` gives the rows
    of its examples. Raises LabelledFileError for whatever can't be used.
    """
    return [row.example for row in _rows(path, splits)]


def read_messages(path: Path, splits: Collection[str] = ()) -> list[LabelledMessage]:
    """The same rows as what customers write; the teacher says `teacher`, or else `intent`."""
    return [
        LabelledMessage(row.example.text, row.example.intent, row.teacher or row.example.intent)
        for row in _rows(path, splits)
    ]


def _rows(path: Path, splits: Collection[str]) -> list[_Row]:
    text = _text(path)
    catalogue = _catalogue(path, text)
    if catalogue is not None:
        if splits:
            raise LabelledFileError(f"{path}: a catalogue has no splits; name the file alone.")
        return [_Row(example, None) for example in catalogue]
    lines = enumerate(text.split("\n"), 1)
    rows = [_row(path, number, line) for number, line in lines if line.strip()]
    return _chosen(path, rows, splits)


def _text(path: Path) -> str:
    try:
        return StringIO(decoded(path.read_bytes()), newline=None).read()  # whatever ends its lines
    except OSError as error:
        raise LabelledFileError(f"{path}: can't be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise LabelledFileError(
            f"{path}: byte {error.start} is not {_name(error)}. Save it as text in UTF-8; what is "
            "compressed must be unpacked first."
        ) from error


def _name(error: UnicodeDecodeError) -> str:
    return "UTF-16" if error.encoding.startswith("utf-16") else "UTF-8"


def _catalogue(path: Path, text: str) -> list[Example] | None:
    """The catalogue's examples; None when the file is no single JSON object with `intents`."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(whole, dict) or "intents" not in whole or "text" in whole:
        return None
    try:
        intents = parse_catalogue(text).intents
    except CatalogueError as error:
        raise LabelledFileError(f"{path}: {error}") from error
    return [Example(text, intent.name) for intent in intents for text in intent.examples]


def _row(path: Path, number: int, line: str) -> _Row:
    place = f"{path}, line {number}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        hint = _ENDS_IN_A_COMMA if line.rstrip().endswith("},") else _ONE_A_LINE
        raise LabelledFileError(f"{place}: no JSON ({error}). {hint}") from error
    if not isinstance(row, dict):
        raise LabelledFileError(f"{place}: no object. {_ONE_A_LINE}")
    intent = _words(place, row, "intent").strip()
    if not intent:
        raise LabelledFileError(f'{place}: "intent" is empty; out of scope is "{OUT_OF_SCOPE}".')
    if _CONTROL.search(intent):
        raise LabelledFileError(f'{place}: "intent" holds a control character: {intent!r}.')
    split = None if row.get("split") is None else str(row["split"]).strip()
    # Many programs write null where a row has no label.
    teacher = None if row.get("teacher") is None else _words(place, row, "teacher").strip()
    return _Row(Example(_words(place, row, "text"), intent), split, teacher)


def _words(place: str, row: dict[str, Any], field: str) -> str:
    """A text may be empty: customers send such messages too."""
    value = row.get(field)
    if not isinstance(value, str):
        found = f"is {json.dumps(value)[:60]}" if field in row else "is missing"
        raise LabelledFileError(f'{place}: "{field}" {found}; it must be a string.')
    if not value.isascii() and _HALVES.search(value):
        half = "half of an emoji (a lone surrogate): remove it"
        raise LabelledFileError(f'{place}: "{field}" holds {half}.')
    return value


def _chosen(path: Path, rows: list[_Row], splits: Collection[str]) -> list[_Row]:
    there = {row.split for row in rows if row.split is not None}
    if missing := sorted(set(splits) - there):
        known = ", ".join(sorted(there)) or "none"
        raise LabelledFileError(
            f"{path}: no row of split {', '.join(missing)}; there are: {known}."
        )
    chosen = [row for row in rows if not splits or row.split in splits]
    if not chosen:
        raise LabelledFileError(f"{path}: no rows. {_ONE_A_LINE}")
    return chosen
