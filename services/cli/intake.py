"""Reads messages for ``aprendiz estimate``: chats, tables, databases."""

import asyncio
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from services.learning.encoding import decoded
from services.learning.estimation.chats import is_chat, read_chat
from services.learning.estimation.estimate import tell_a_month
from services.learning.estimation.messages import Message, UnusableMessages
from services.learning.estimation.sides import Chat, messages_of, take_sides
from services.learning.estimation.tabular import Row, Table, messages_in, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 200 * 2**20
"""Bytes of an unpacked chat: years of a busy phone; a small zip may unpack to much more."""
_LOCKED = 0x1
"""The bit of a zip's member that says it is encrypted (APPNOTE.TXT, 4.4.4)."""
_CHATS = (".txt", ".zip")
_IN_ZIP = "_chat.txt"


@dataclass(frozen=True, slots=True)
class Hints:
    """What the person said about the file, for want of names that we know."""

    shop_names: tuple[str, ...] = ()
    text_column: str | None = None
    label_column: str | None = None


@dataclass(slots=True)
class Intake:
    """The messages, and what a person should know of how they were read."""

    messages: list[Message]
    remarks: list[str] = field(default_factory=list)


def take_in(source: str, hints: Hints) -> Intake:
    """The messages in a file, a folder of chats, or a database's ``training_samples``.

    Raises:
        UnusableMessages: the message begins with the file's name.
        DatabaseAway, DatabaseError, UnusableUrl: the database's own words.
    """
    if "://" in source:
        return _tabular(_rows(source), hints, [])
    path = Path(source)
    try:
        if path.is_dir():
            return _folder(path, hints)
        if path.suffix.lower() == ".zip":
            return _chats([_zipped(path)], hints, [])
        return _file(path, hints)
    except UnusableMessages as error:
        raise UnusableMessages(f"{path}: {error}") from error
    except OSError as error:
        raise UnusableMessages(f"{path}: can't be read ({error.strerror or error}).") from error


def _file(path: Path, hints: Hints) -> Intake:
    if path.suffix.lower() == ".sql":
        raise UnusableMessages(
            "a dump. Load it into a database and name that (mysql://...), or save the table as CSV."
        )
    remarks: list[str] = []
    text = _decoded(path.read_bytes(), remarks)
    if path.suffix.lower() == ".txt" or is_chat(text):
        return _chats([Chat(path.stem, tuple(read_chat(text)))], hints, remarks)
    return _tabular(read_table(text), hints, remarks)


def _folder(folder: Path, hints: Hints) -> Intake:
    remarks: list[str] = []
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _CHATS)
    # A zip often lies beside what was unpacked from it.
    chats = {chat.messages: chat for path in paths for chat in _chat_in(path, remarks)}
    if not chats:
        raise UnusableMessages("no chat export (.txt or .zip) in this folder.")
    return _chats(list(chats.values()), hints, remarks)


def _chat_in(path: Path, remarks: list[str]) -> "Iterator[Chat]":
    """The chat in a folder's file; one that holds none is named and passed over."""
    try:
        if path.suffix.lower() == ".zip":
            yield _zipped(path)
        else:
            yield Chat(path.stem, tuple(read_chat(_decoded(path.read_bytes(), remarks))))
    except UnusableMessages as error:
        remarks.append(f"{path.name} was passed over: {str(error).partition(':')[0].rstrip('.')}.")


def _chats(chats: Sequence[Chat], hints: Hints, remarks: list[str]) -> Intake:
    if not any(chat.messages for chat in chats):
        raise UnusableMessages("the export holds no message that a person wrote.")
    sides = take_sides(chats, hints.shop_names)
    shop = ", ".join(f"«{name}»" for name in sorted(sides.shop)) or "nobody"
    cure = "" if hints.shop_names else "; if that is wrong, say --shop-name NAME"
    remarks.append(f"The shop is {shop} ({sides.why}{cure}).")
    return Intake(messages_of(chats, sides), remarks)


_NOT_UNPACKED = (
    zipfile.BadZipFile,  # no zip, or a checksum that is wrong
    zlib.error,  # damaged data
    EOFError,  # data that ends too early
    NotImplementedError,  # how zipfile says that it lacks a compression or an encryption
)


def _zipped(path: Path) -> Chat:
    try:
        with zipfile.ZipFile(path) as archive:
            name = _member(archive, path)
            member = archive.getinfo(name)
            if member.flag_bits & _LOCKED:
                raise UnusableMessages(f"{name} in it wants a password. Export the chat again.")
            if member.file_size > _MOST:
                raise UnusableMessages(f"{name} in it is larger than {_MOST // 2**20} MiB.")
            text = _decoded(archive.read(name), [])
    except _NOT_UNPACKED as error:
        raise UnusableMessages(f"can't be unpacked ({error}). Export the chat again.") from error
    return Chat(path.stem, tuple(read_chat(text)))


def _member(archive: zipfile.ZipFile, path: Path) -> str:
    """The chat in a zip, which may also hold texts that people sent one another."""
    texts = [name for name in archive.namelist() if name.lower().endswith(".txt")]
    chats = [name for name in texts if Path(name).stem == path.stem or name.endswith(_IN_ZIP)]
    found = chats or [name for name in texts if "whatsapp" in name.lower()] or texts
    if not found:
        raise UnusableMessages("no .txt in this zip. A workbook has to be saved as CSV first.")
    return found[0]


def _tabular(rows: Sequence[Row], hints: Hints, remarks: list[str]) -> Intake:
    table = messages_in(rows, hints.text_column, hints.label_column)
    remarks.append(_columns_remark(table))
    if table.undated:
        remarks.append(
            f"No date in the column «{table.undated}» can be read. Where they are numbers, as some "
            "spreadsheets save them, format the column as dates before you save it as CSV."
        )
    elif undated := _undated(table.messages):
        remarks.append(undated)
    if hints.shop_names:
        remarks.append("--shop-name is for chats: in a table every row is a customer's message.")
    if table.from_catalogue:
        remarks.append(f"{table.from_catalogue:,} rows are the catalogue's own and left out.")
    return Intake(table.messages, remarks)


def _undated(messages: Sequence[Message]) -> str | None:
    """Of a table of which some rows have a date, and too many have none."""
    dated = sum(message.at is not None for message in messages)
    if not dated or tell_a_month(messages):
        return None
    return (
        f"Only {dated:,} of {len(messages):,} rows have a date that can be read, so nobody knows "
        "how many come in a month."
    )


def _columns_remark(table: Table) -> str:
    label = f"their labels in «{table.label}»" if table.label else "no column of labels"
    return f"Messages are in the column «{table.text}», {label}."


def _decoded(raw: bytes, remarks: list[str]) -> str:
    if not raw.strip():
        raise UnusableMessages("the file is empty.")
    if raw.startswith(b"SQLite format 3\0"):
        raise UnusableMessages("a SQLite database. Name it as one: sqlite:///, and then its path.")
    try:
        return decoded(raw)
    except UnicodeDecodeError as error:
        return _windows(raw, error.start, remarks)


def _windows(raw: bytes, place: int, remarks: list[str]) -> str:
    """What Excel saves in Spanish, where it can be nothing else."""
    try:
        if b"\0" in raw:
            raise UnusableMessages("no text but a program's own format. Save it as CSV in UTF-8.")
        text = raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UnusableMessages(
            f"byte {place} is not UTF-8, nor is the file Windows-1252. Save it as UTF-8."
        ) from error
    remarks.append("The file is not UTF-8; it was read as Windows-1252, as Excel saves it.")
    return text


def _rows(url: str) -> list[Row]:
    from services.storage.foreign import training_rows

    return list(asyncio.run(training_rows(url)))
