"""Which side of a chat is the shop: the name that was given, or a guess with its reason."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

from services.learning.estimation.chats import ChatMessage
from services.learning.estimation.messages import Message, UnusableMessages

_SILENCE = timedelta(hours=6)
"""After so long, whoever writes begins anew; it is nearly always the customer."""
_SHOWN = 8


class Chat(NamedTuple):
    """One exported file: its name without the ending, and what people wrote in it."""

    name: str
    messages: tuple[ChatMessage, ...]

    @property
    def authors(self) -> list[str]:
        """Who writes in it, by name."""
        return sorted({each.author for each in self.messages})


class Sides(NamedTuple):
    """The shop's own names, none when only customers write, and why they were taken."""

    shop: frozenset[str]
    why: str


def messages_of(chats: Sequence[Chat], sides: Sides) -> list[Message]:
    """The messages of all chats; in a group everyone but the shop is a contact."""
    return [
        Message(each.text, each.author, each.at, each.author in sides.shop, each.content)
        for chat in chats
        for each in chat.messages
    ]


def take_sides(chats: Sequence[Chat], named: Collection[str] = ()) -> Sides:
    """The shop as `named`, else as the chats show it.

    Raises:
        UnusableMessages: nobody of that name writes, or it can't be told who the shop is.
    """
    if named:
        return _named(chats, {_plain(name) for name in named})
    authors = Counter(author for chat in chats for author in chat.authors)
    if len(authors) == 1:
        return Sides(frozenset(), "only one person writes, who counts as the customer")
    guess = _by_file_names(chats) or _in_most_chats(authors) or _by_manner(chats)
    if guess is None:
        raise UnusableMessages(
            f"can't tell who of these is the shop: {_shown(authors)}. Say it with --shop-name "
            "NAME; repeat it where several people write for the shop."
        )
    return guess


def _named(chats: Sequence[Chat], wanted: set[str]) -> Sides:
    authors = Counter(author for chat in chats for author in chat.authors)
    shop = frozenset(author for author in authors if _plain(author) in wanted)
    if missing := sorted(wanted - {_plain(author) for author in shop}):
        raise UnusableMessages(
            f"nobody called {', '.join(missing)} writes here; there are: {_shown(authors)}. "
            "--shop-name takes a name as it stands in the export."
        )
    return Sides(shop, "named with --shop-name")


def _by_file_names(chats: Sequence[Chat]) -> Sides | None:
    """A phone names the file after the contact: the other one is the shop."""
    others = set()
    for chat in chats:
        called = [author for author in chat.authors if _is_called(chat.name, author)]
        if len(chat.authors) == 2 and len(called) == 1:
            others |= set(chat.authors) - set(called)
    if len(others) != 1:
        return None
    return Sides(frozenset(others), "guessed: the file is named after the other one")


def _is_called(file: str, author: str) -> bool:
    return f" {_plain(file)}".endswith(f" {_plain(author)}")


def _plain(name: str) -> str:
    """A name without its habits; some phones take an accent for a letter of its own."""
    return normalize("NFC", name).strip().casefold()


def _in_most_chats(authors: Counter[str]) -> Sides | None:
    (first, times), (_, next_times) = authors.most_common(2)
    if times == next_times:
        return None
    return Sides(
        frozenset({first}), f"guessed: writes in {times} of the chats, nobody else in so many"
    )


def _by_manner(chats: Sequence[Chat]) -> Sides | None:
    """Of two people, the one who less often asks and less often begins."""
    authors = {author for chat in chats for author in chat.authors}
    if len(authors) != 2:
        return None
    wants: Counter[str] = Counter(dict.fromkeys(sorted(authors), 0))
    for chat in chats:
        wants.update(_asking(chat.messages))
        wants.update(_beginning(chat.messages))
    (_, most), (shop, least) = wants.most_common(2)
    if most == least:
        return None
    return Sides(frozenset({shop}), "guessed: asks and begins less often than the other one")


def _asking(messages: Sequence[ChatMessage]) -> list[str]:
    return [each.author for each in messages if "?" in each.text]


def _beginning(messages: Sequence[ChatMessage]) -> list[str]:
    neighbours = pairwise(messages)
    begun = [each.author for before, each in neighbours if each.at - before.at >= _SILENCE]
    return [each.author for each in messages[:1]] + begun


def _shown(authors: Counter[str]) -> str:
    names = [f"«{name}»" for name, _ in authors.most_common(_SHOWN)]
    more = len(authors) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
