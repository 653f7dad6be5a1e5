"""Turns: those a batch is about, and those whose time has come."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Author
from services.storage import tables
from services.storage.conversations import Conversation, columns_of, values_of
from services.storage.upsert import upsert

GATHERING = "gathering"
OPEN = "open"
HUMAN = "human"
"""A person of the shop wrote while the turn was open: the bot has nothing to say to it any more."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of ``turns``: gathering, then open, then closed in one of several ways."""

    id: str
    conversation_id: str
    state: str
    ordinal: int
    release_at: datetime | None
    deadline_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    intent: str | None
    confidence: float | None
    reason: str | None
    model_version: str | None
    created_at: datetime


class Due(NamedTuple):
    """A conversation with a turn to release or to give up, and the moment for it."""

    conversation: Conversation
    at: datetime


_TURN = columns_of(Turn, tables.turns)
_CONVERSATION = columns_of(Conversation, tables.conversations)


async def around(
    connection: AsyncConnection, conversation_ids: Collection[str], turn_ids: Collection[str]
) -> list[Turn]:
    """The latest turn of each conversation, and those of ``turn_ids`` that belong to one."""
    found = await connection.execute(
        union_all(_latest(conversation_ids), _named(conversation_ids, turn_ids))
    )
    return list({row.id: Turn(*row) for row in found}.values())


def _latest(conversation_ids: Collection[str]) -> Select[Any]:
    turns, conversations = tables.turns, tables.conversations
    other = turns.alias()
    # Read backwards from the index's end: a conversation may have thousands of turns.
    last = (
        select(other.c.ordinal)
        .where(other.c.conversation_id == conversations.c.id)
        .order_by(other.c.ordinal.desc())
        .limit(1)
        .correlate(conversations)
        .scalar_subquery()
    )
    same = and_(turns.c.conversation_id == conversations.c.id, turns.c.ordinal == last)
    wanted = conversations.c.id.in_(list(conversation_ids))
    return select(*_TURN).select_from(conversations.join(turns, same)).where(wanted)


def _named(conversation_ids: Collection[str], turn_ids: Collection[str]) -> Select[Any]:
    turns = tables.turns
    return select(*_TURN).where(
        turns.c.id.in_(list(turn_ids)), turns.c.conversation_id.in_(list(conversation_ids))
    )


async def save(connection: AsyncConnection, rows: Iterable[Turn]) -> None:
    """Write turns of conversations that this transaction has locked."""
    await upsert(connection, tables.turns, values_of(Turn, rows))


async def next_due(connection: AsyncConnection, limit: int) -> list[Due]:
    """The earliest windows to close and deadlines to pass, past and future, ``limit`` of each.

    A turn that gathers behind an open one is not due: closing that one releases it.
    """
    turns, conversations = tables.turns, tables.conversations
    waits = and_(turns.c.state == GATHERING, conversations.c.open_turn_id.is_(None))
    found = []
    for state, at in ((waits, turns.c.release_at), (turns.c.state == OPEN, turns.c.deadline_at)):
        query = (
            select(at, *_CONVERSATION)
            .select_from(turns.join(conversations, turns.c.conversation_id == conversations.c.id))
            .where(state)
            .order_by(at)
            .limit(limit)
        )
        found += [Due(Conversation(*row), at) for at, *row in await connection.execute(query)]
    return sorted(found, key=lambda due: due.at)


async def taken_over(connection: AsyncConnection, turn_ids: Collection[str]) -> set[str]:
    """Those of these turns to which a person of the shop has spoken since they were opened.

    The state alone does not tell: a turn that was held or has expired stays so.
    """
    if not turn_ids:
        return set()
    turns, messages = tables.turns, tables.messages
    wrote = select(messages.c.id).where(
        messages.c.conversation_id == turns.c.conversation_id,
        messages.c.created_at >= turns.c.opened_at,  # for the index
        messages.c.sent_at >= turns.c.opened_at,
        messages.c.author == Author.PERSON.value,
        # What a person answers by hand to a turn is that turn's own.
        messages.c.turn_id.is_(None),
    )
    query = select(turns.c.id).where(
        turns.c.id.in_(list(turn_ids)), or_(turns.c.state == HUMAN, wrote.exists())
    )
    return set(await connection.scalars(query))
