"""Reads a WhatsApp chat as a phone exports it: dates in digits, messages of several lines."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.learning.estimation.marks import is_notice, read_body
from services.learning.estimation.messages import Content, UnusableMessages
from services.learning.estimation.stamps import DATE, TIME, order_of, stamp_of

# Marks of writing direction, which phones scatter; and the spaces that only look like one.
_INVISIBLE = re.compile("(?<!: )\u200e|[\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
_BY_PHONE = "\u200e"
"""Behind an author an iPhone's mark stays: what it begins is the phone's, not the author's."""
_HEAD = re.compile(
    rf"\[?{DATE}\.?,?\s+(?:a las\s+|at\s+)?{TIME}(?:\]\s?|\s[-–—]\s)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
# The name ends at the first colon with a gap behind it: the one in 10:15 has none.
_NAMED = re.compile(r"(?P<name>[^\n]+?):(?:[ \n]|\Z)(?P<words>.*)", re.DOTALL)
_SURE = 3
"""Messages that must all share a second part before it counts as part of the author's name."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of an exported chat; `text` is empty for media and stickers without words."""

    author: str
    text: str
    at: datetime
    content: Content = Content.WORDS


class _Entry(NamedTuple):
    at: datetime
    lines: list[str]


def is_chat(text: str) -> bool:
    """Whether some line begins as a message of an export does."""
    return any(_HEAD.match(line) for line in _plain(text).split("\n"))


def read_chat(text: str) -> list[ChatMessage]:
    """The messages that people wrote, in the file's order; what the phone wrote is left out.

    Raises:
        UnusableMessages: no line begins as a message of an export does.
    """
    entries = _entries(_plain(text))
    if not entries:
        raise UnusableMessages(
            "no WhatsApp chat export: no line begins like `12/3/24, 10:15 - Ana: hola` or "
            "`[12/03/24 10:15:32] Ana: hola`. On the phone open the chat, choose Export chat "
            "(Más > Exportar chat) without media, and give that file here; tables end in .csv or "
            ".jsonl."
        )
    said = [(at, *named) for at, lines in entries if (named := _split("\n".join(lines)))]
    longer = _longer_names((name, words) for _, name, words in said)
    lines = (_line(at, name, words, longer) for at, name, words in said)
    return [line for line in lines if line is not None]


def _plain(text: str) -> str:
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")


def _entries(text: str) -> list[_Entry]:
    """A line without a date of its own goes on with the message above it."""
    lines = text.split("\n")
    found = [_HEAD.match(line) for line in lines]
    order = order_of([stamp_of(head) for head in found if head])
    entries: list[_Entry] = []
    for line, head in zip(lines, found, strict=True):
        at = stamp_of(head).read(order) if head else None
        if head and at:
            entries.append(_Entry(at, [head["rest"]]))
        elif entries:
            entries[-1].lines.append(line)
    return entries


def _split(rest: str) -> tuple[str, str] | None:
    """Who wrote and what; None without an author: the phone's own lines have none."""
    found = _NAMED.match(rest)
    return (found["name"], found["words"]) if found else None


def _longer_names(said: Iterable[tuple[str, str]]) -> set[str]:
    """First parts of names that have a colon: `Tienda: Luna` writes nothing but `Luna: ...`."""
    seconds: dict[str, Counter[str | None]] = defaultdict(Counter)
    for name, words in said:
        second = _split(words)
        seconds[name][second[0] if second else None] += 1
    return {
        name
        for name, counts in seconds.items()
        if len(counts) == 1 and None not in counts and counts.total() >= _SURE
    }


def _line(at: datetime, name: str, words: str, longer: Collection[str]) -> ChatMessage | None:
    by_phone, words = words.startswith(_BY_PHONE), words.replace(_BY_PHONE, "")
    second = _split(words) if name in longer else None
    if second:
        name, words = f"{name}: {second[0]}", second[1]
    author = name.removeprefix("~").strip()
    if not author or is_notice(name) or is_notice(words, by_phone=by_phone):
        return None
    body = read_body(words, by_phone=by_phone)
    return ChatMessage(author, body.text, at, body.content)
