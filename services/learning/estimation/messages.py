"""What customers wrote before there was a bot, and the turns that it would have taken."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

BURST = timedelta(minutes=1)
"""Messages of one customer that are no further apart, with nothing of the shop's in between, are
one turn. The product waits for a much shorter silence, but many phones export whole minutes."""


class UnusableMessages(ValueError):
    """Nothing can be estimated from this file; the message names the cause and the cure."""


class Content(StrEnum):
    """What can be read of a message. A sticker asks for nothing; media may hold the question."""

    WORDS = "words"
    MEDIA = "media"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True)
class Message:
    """One message; those of a conversation stand in their order.

    `text` is empty unless there are words. `at` is what a clock on the shop's wall showed, None
    where the file doesn't say. `label` is the intent as the file spells it, empty for an empty
    cell; None: nobody has labelled it.
    """

    text: str
    contact: str = ""
    at: datetime | None = None
    from_shop: bool = False
    content: Content = Content.WORDS
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A burst of a customer's messages, a line each; `unread`: media without words is among them.

    `at` is when the last one came.
    """

    text: str
    contact: str
    at: datetime | None
    messages: int = 1
    unread: bool = False
    label: str | None = None

    @property
    def has_words(self) -> bool:
        """Whether there is anything to classify; what has no words goes to a person."""
        return bool(self.text.strip())


def gather(messages: Iterable[Message]) -> list[Turn]:
    """The turns of customers in the order of their beginnings.

    A labelled message is a turn by itself: somebody judged it alone. So is one of nobody known.
    """
    turns: list[Turn] = []
    last: dict[str, int] = {}
    for message in messages:
        if message.from_shop:
            last.clear()
            continue
        place = last.get(message.contact) if message.contact else None
        if place is not None and _goes_on(turns[place], message):
            turns[place] = _longer(turns[place], message)
        else:
            last[message.contact] = len(turns)
            turns.append(_begun(message))
    return turns


def _goes_on(turn: Turn, message: Message) -> bool:
    if turn.at is None or message.at is None or (turn.label, message.label) != (None, None):
        return False
    return timedelta(0) <= message.at - turn.at <= BURST


def _begun(message: Message) -> Turn:
    unread = message.content is Content.MEDIA
    return Turn(message.text, message.contact, message.at, 1, unread, message.label)


def _longer(turn: Turn, message: Message) -> Turn:
    return replace(
        turn,
        text="\n".join(text for text in (turn.text, message.text) if text),
        at=message.at,
        messages=turn.messages + 1,
        unread=turn.unread or message.content is Content.MEDIA,
    )
