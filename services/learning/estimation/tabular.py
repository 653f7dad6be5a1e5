"""Reads messages out of tables: CSV as spreadsheets save it, JSON Lines, the rows of a database."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.learning.estimation.masking import masked
from services.learning.estimation.messages import Message, UnusableMessages
from services.learning.estimation.stamps import read_moments
from services.learning.normalise import unaccented

TEXT = ("texto", "text", "mensaje", "message", "body", "contenido", "content", "pregunta")
LABEL = ("intencion", "intent", "label", "etiqueta")
CONTACT = (
    "contact_id", "contacto", "contact", "telefono", "phone", "numero", "cliente", "remitente",
    "from", "conversation_id",
)  # fmt: skip
DATE = ("created_at", "fecha", "fecha_hora", "date", "timestamp", "creado_en", "fecha_creacion")
ORIGIN = ("origen",)
LABELLER = ("etiquetado_por",)
"""Columns are found by these names, whatever their case and accents; the first name wins."""

_CATALOGUES_OWN = "base"
_DELIMITERS = ",;\t|"
_NONE = "\x1f"

Row = Mapping[str, Any]


class Table(NamedTuple):
    """A table's messages, the columns they were read from, and rows that were left out."""

    messages: list[Message]
    text: str
    label: str | None
    from_catalogue: int
    """Rows that are the catalogue's own examples, which no customer wrote."""
    undated: str | None
    """A column of dates of which none can be read."""


def read_table(text: str) -> list[Row]:
    """The rows of CSV with a line of names on top, of JSON Lines, or of a JSON list.

    Raises:
        UnusableMessages: it is none of them.
    """
    start = text.lstrip()[:1]
    if start == "{":
        return [_object(line, number) for number, line in _lines(text)]
    return _list(text) if start == "[" else _csv(text)


def messages_in(rows: Sequence[Row], column: str | None = None, label: str | None = None) -> Table:
    """The messages of rows; `column` and `label` name the columns where their names don't.

    Raises:
        UnusableMessages: there is no such column, or no rows.
    """
    if not rows:
        raise UnusableMessages("the table is empty: there are no rows under the names of columns.")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    words = _wanted(columns, column, "--column") or _known(columns, TEXT)
    if words is None:
        raise UnusableMessages(
            f"no column of messages; columns found: {_listed(columns)}. Name it with --column NAME."
        )
    labels = _wanted(columns, label, "--label") or _known(columns, LABEL)
    kept = [row for row in rows if not _is_catalogues(row, columns)]
    date = _known(columns, DATE)
    moments = _moments(kept, date)
    contact, labeller = _known(columns, CONTACT), _known(columns, LABELLER)
    messages = [
        Message(_cell(row, words), _cell(row, contact), at, label=_label(row, labels, labeller))
        for row, at in zip(kept, moments, strict=True)
    ]
    # A column that nobody ever filled in labels nothing.
    if not any(message.label for message in messages):
        messages = [replace(message, label=None) for message in messages]
    undated = None if any(moments) or not any(_cell(row, date).strip() for row in kept) else date
    return Table(messages, words, labels, len(rows) - len(kept), undated)


def _label(row: Row, labels: str | None, labeller: str | None) -> str | None:
    """An empty cell says that nothing fits, unless the table notes labellers and has none here."""
    if labels is None:
        return None
    label = _cell(row, labels).strip()
    return None if not label and labeller and not _cell(row, labeller).strip() else label


def _is_catalogues(row: Row, columns: Sequence[str]) -> bool:
    origin = _known(columns, ORIGIN)
    return origin is not None and _cell(row, origin).strip() == _CATALOGUES_OWN


def _moments(rows: Sequence[Row], date: str | None) -> list[datetime | None]:
    if date is None:
        return [None] * len(rows)
    found = [row.get(date) for row in rows]
    ready = [each.replace(tzinfo=UTC) if isinstance(each, datetime) else None for each in found]
    read = read_moments([_cell(row, date) for row in rows])
    return [given or said for given, said in zip(ready, read, strict=True)]


def _cell(row: Row, column: str | None) -> str:
    value = row.get(column) if column else None
    # JSON may spell half an emoji, which no terminal takes.
    return "" if value is None else str(value).encode(errors="replace").decode()


def _known(columns: Sequence[str], names: Sequence[str]) -> str | None:
    plain = {_plain(column): column for column in reversed(columns)}  # of two the first
    return next((plain[name] for name in names if name in plain), None)


def _plain(name: str) -> str:
    return unaccented(name.strip().casefold().replace(" ", "_"))


def _wanted(columns: Sequence[str], name: str | None, option: str) -> str | None:
    if name is None:
        return None
    found = _known(columns, [_plain(name)])
    if found is None:
        raise UnusableMessages(f"no column {name!r} ({option}); columns found: {_listed(columns)}.")
    return found


def _listed(columns: Sequence[str]) -> str:
    """Masked: where a table has no names on top, these are a customer's words."""
    return ", ".join(masked(column)[:40] or "(no name)" for column in columns[:30])


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _object(line: str, number: int) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableMessages(f"line {number} is no JSON ({error}). One object a line.") from error
    if not isinstance(row, dict):
        raise UnusableMessages(f'line {number} is no object. A row is {{"text": ...}}.')
    return row


def _list(text: str) -> list[Row]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableMessages(f"it begins like a JSON list and is none ({error}).") from error
    if not all(isinstance(row, dict) for row in rows):
        raise UnusableMessages('a list must hold objects: [{"text": ...}, ...].')
    return list(rows)


def _csv(text: str) -> list[Row]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.count("\n")
    text = text.lstrip("\n")  # not a tab: the first name may be empty
    if text[:4].lower() == "sep=":  # how Excel is told the delimiter
        text = text.partition("\n")[2].lstrip("\n")
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    # A lone column needs no delimiter, and its texts hold commas.
    above = lines - text.count("\n")
    rows = _records(text, delimiter if delimiter in head else _NONE, above)
    names, *others = [row for row in rows if any(cell.strip() for cell in row)] or [[]]
    columns = list(_told_apart(names))
    return [dict(zip(columns, row, strict=False)) for row in others]


def _told_apart(names: Sequence[str]) -> Iterator[str]:
    """A name that occurs again has a number, by which ``--column`` can tell the two apart."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield f"{name} ({seen[name]})" if name.strip() and seen[name] > 1 else name


def _records(text: str, delimiter: str, above: int) -> Iterator[list[str]]:
    """The rows of a text that had so many lines `above` it, for whoever looks for a wrong one."""
    # Strictly: else a quote that nothing closes takes all lines behind it for one text.
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    begun = above + 1
    try:
        for row in reader:
            yield row
            begun = above + reader.line_num + 1
    except csv.Error as error:
        raise UnusableMessages(
            f"the row that begins in line {begun} is no CSV ({error}). A text that begins with a "
            'quotation mark needs one at its end, and "" for each inside.'
        ) from error
