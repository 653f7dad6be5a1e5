"""Conversations and their history: locked in one order, read and written a batch at a time."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Author
from services.storage import tables
from services.storage.upsert import insert_ignore, upsert

INBOUND = "in"
OUTBOUND = "out"

ProviderId = tuple[str, str]
"""A gateway, and what its provider calls a message."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row of ``conversations``; a group has no contact."""

    id: str
    gateway: str
    chat: str
    contact_id: str | None
    contact_phone: str | None
    contact_name: str | None
    muted_until: datetime | None
    opted_out: bool
    asked_intent: str | None
    asked_text: str | None
    open_turn_id: str | None
    last_inbound_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def new(cls, conversation_id: str, gateway: str, chat: str, at: datetime) -> "Conversation":
        """A conversation of which nothing else is known yet."""
        return cls(
            id=conversation_id,
            gateway=gateway,
            chat=chat,
            contact_id=None,
            contact_phone=None,
            contact_name=None,
            muted_until=None,
            opted_out=False,
            asked_intent=None,
            asked_text=None,
            open_turn_id=None,
            last_inbound_at=None,
            created_at=at,
            updated_at=at,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A row of ``messages``; an outgoing one has no provider's id until it is sent."""

    id: str
    conversation_id: str
    turn_id: str | None
    gateway: str
    provider_message_id: str | None
    direction: str
    author: str | None
    kind: str
    chat: str
    text: str | None
    sent_at: datetime
    silent_reason: str | None
    created_at: datetime


def columns_of(kind: type[Any], table: Table) -> list[Any]:
    """The table's columns in the order of the dataclass's fields."""
    return [table.c[field.name] for field in fields(kind)]


def values_of(kind: type[Any], rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Dataclasses as rows to insert, without the deep copies of ``asdict``."""
    names = [field.name for field in fields(kind)]
    return [{name: getattr(row, name) for name in names} for row in rows]


_CONVERSATION = columns_of(Conversation, tables.conversations)
_MESSAGE = columns_of(Message, tables.messages)


async def lock(
    connection: AsyncConnection, wanted: Iterable[Conversation]
) -> dict[str, Conversation]:
    """Lock conversations until the transaction ends; those that are missing are created.

    Everyone locks in the order of the ids, so nobody waits for each other crosswise. A look with
    FOR UPDATE would not do: on a small table it scans, and locks rows that it does not want.
    """
    rows = sorted(wanted, key=lambda each: each.id)
    await insert_ignore(connection, tables.conversations, values_of(Conversation, rows))
    held = select(*_CONVERSATION).where(tables.conversations.c.id.in_([row.id for row in rows]))
    return {row.id: Conversation(*row) for row in await connection.execute(held)}


async def save(connection: AsyncConnection, rows: Iterable[Conversation]) -> None:
    """Overwrite conversations that this transaction has locked."""
    await upsert(connection, tables.conversations, values_of(Conversation, rows))


async def named(
    connection: AsyncConnection, ids: Collection[str], provider_ids: Collection[ProviderId]
) -> list[Message]:
    """The stored messages of these ids, or of these names at their providers."""
    table = tables.messages
    looks = [select(*_MESSAGE).where(table.c.id.in_(list(ids)))]
    # Gateway by gateway: SQLite scans the whole table for a list of pairs.
    for gateway in sorted({gateway for gateway, _ in provider_ids}):
        theirs = [name for other, name in provider_ids if other == gateway]
        known = table.c.provider_message_id.in_(theirs)
        looks.append(select(*_MESSAGE).where(table.c.gateway == gateway, known))
    found = await connection.execute(union_all(*looks))
    return list({row.id: Message(*row) for row in found}.values())


async def replies_since(
    connection: AsyncConnection, conversation_ids: Collection[str], since: datetime
) -> dict[str, int]:
    """How many replies of the bot's each conversation has had since then."""
    table = tables.messages
    counted = (
        select(table.c.conversation_id, func.count())
        .where(
            table.c.conversation_id.in_(list(conversation_ids)),
            table.c.created_at > since,
            table.c.direction == OUTBOUND,
            table.c.author != Author.PERSON.value,
        )
        .group_by(table.c.conversation_id)
    )
    return {row[0]: row[1] for row in await connection.execute(counted)}


async def of_turns(
    connection: AsyncConnection, turn_ids: Sequence[str]
) -> dict[str, list[Message]]:
    """What customers wrote in these turns, as they sent it; arrival decides between equals."""
    table = tables.messages
    rows = await connection.execute(
        select(*_MESSAGE)
        .where(table.c.turn_id.in_(turn_ids), table.c.direction == INBOUND)
        .order_by(table.c.sent_at, table.c.created_at)
    )
    gathered: dict[str, list[Message]] = {turn_id: [] for turn_id in turn_ids}
    for message in (Message(*row) for row in rows):
        gathered[message.turn_id or ""].append(message)
    return gathered


async def add_received(connection: AsyncConnection, rows: Iterable[Message]) -> None:
    """Add messages to the history; one that is there already stays as it is."""
    await insert_ignore(connection, tables.messages, values_of(Message, rows))


async def save_outgoing(connection: AsyncConnection, rows: Iterable[Message]) -> None:
    """Add replies to the history, or overwrite what was noted of them before."""
    await upsert(connection, tables.messages, values_of(Message, rows))
