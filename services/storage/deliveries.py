"""Replies at the provider's door, and the simulated phone that is one provider's other side."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.tables import deliveries, simulated_phone
from services.storage.upsert import insert_ignore, upsert

SENDING = "sending"
"""Committed before the call to the provider: its outcome is not known yet."""
SENT = "sent"
FAILED = "failed"
UNKNOWN = "unknown"
"""The call's outcome is not known and never will be: not sent again, shown to a person."""


class NewDelivery(NamedTuple):
    """A reply that is about to be handed to its provider."""

    reply_id: str
    turn_id: str
    conversation_id: str
    gateway: str


class Delivery(NamedTuple):
    """A reply at the provider's door; `at` is when its state was reached."""

    reply_id: str
    turn_id: str
    conversation_id: str
    gateway: str
    state: str
    provider_message_id: str | None
    error: str | None
    created_at: datetime
    at: datetime


class Noted(NamedTuple):
    """What the table says of a reply, and whether this call was the one that noted it."""

    delivery: Delivery
    new: bool


class Arrived(NamedTuple):
    """A text on the simulated phone."""

    reply_id: str
    conversation_id: str
    text: str
    delivered_at: datetime


async def open_all(
    connection: AsyncConnection, replies: Iterable[NewDelivery], moment: datetime
) -> dict[str, Noted]:
    """Note that these replies are about to be sent, unless they are noted; all of them by id.

    ``moment`` tells the caller's notes from everybody else's: it should be the time, just taken.
    """
    rows = [
        {**reply._asdict(), "state": SENDING, "created_at": moment, "updated_at": moment}
        for reply in sorted(set(replies))
    ]
    await insert_ignore(connection, deliveries, rows)
    found = await _read(connection, [row["reply_id"] for row in rows])
    return {each.reply_id: Noted(each, each.created_at == moment) for each in found}


async def settle(connection: AsyncConnection, settled: Sequence[Delivery]) -> None:
    """Note what became of replies."""
    rows = [{**each._asdict(), "updated_at": each.at} for each in settled]
    await upsert(connection, deliveries, [_without_at(row) for row in rows])


async def put_on_phone(connection: AsyncConnection, arrived: Arrived) -> None:
    """Let a text arrive on the simulated phone, once."""
    await insert_ignore(connection, simulated_phone, [arrived._asdict()])


async def is_on_phone(connection: AsyncConnection, reply_id: str) -> bool:
    """Whether a reply has arrived on the simulated phone."""
    found = select(simulated_phone.c.reply_id).where(simulated_phone.c.reply_id == reply_id)
    return await connection.scalar(found) is not None


async def _read(connection: AsyncConnection, ids: Sequence[str]) -> list[Delivery]:
    rows = await connection.execute(select(deliveries).where(deliveries.c.reply_id.in_(ids)))
    return [Delivery._make(row) for row in rows]


def _without_at(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "at"}
