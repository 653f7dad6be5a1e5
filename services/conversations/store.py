"""Reads what a batch is about under locks, and writes what became of it: one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from contracts.topology import source_of
from services.conversations.effects import settle
from services.conversations.mentions import Mentions
from services.conversations.moment import Moment
from services.conversations.picture import Picture
from services.conversations.ready import outbox_row, turn_ready
from services.conversations.speak import REPLY_SPAN
from services.conversations.turns import Outcome
from services.runtime.live import LiveSettings
from services.storage import conversations, outbox, turns
from services.storage.conversations import Conversation
from services.storage.engine import Database, Transaction
from services.storage.outbox import NewRow

SOURCE = source_of("conversations")


@asynccontextmanager
async def locked_picture(
    database: Database, found: Mentions, settings: LiveSettings
) -> AsyncIterator[tuple[Picture, Moment]]:
    """The picture of what a batch is about; whatever is done to it is kept, with all that is due.

    Raises:
        DatabaseAway: nothing was kept.
    """
    async with database.begin() as transaction:
        locked = await conversations.lock(transaction, found.conversations.values())
        # Read under the locks: whoever comes later also has the later time.
        moment = Moment(datetime.now(UTC), settings)
        picture = await _read(transaction, found, locked, moment)
        yield picture, moment
        settle(picture, moment)
        await _write(transaction, picture, moment)


async def _read(
    transaction: Transaction, found: Mentions, locked: dict[str, Conversation], moment: Moment
) -> Picture:
    open_turns = {row.open_turn_id for row in locked.values() if row.open_turn_id}
    around = await turns.around(transaction, locked, found.turns | open_turns)
    messages = []
    if found.messages or found.provider_ids:
        messages = await conversations.named(transaction, found.messages, found.provider_ids)
    replies = {}
    if found.writers:
        since = moment.now - REPLY_SPAN
        replies = await conversations.replies_since(transaction, found.writers, since)
    return Picture.of(locked, around, messages, replies)


async def _write(transaction: Transaction, picture: Picture, moment: Moment) -> None:
    await conversations.add_received(transaction, picture.received())
    await conversations.save_outgoing(transaction, picture.changed_outgoing())
    if picture.released():
        await outbox.add(transaction, await _ready(transaction, picture, moment))
    await turns.save(transaction, picture.changed_turns())
    await conversations.save(transaction, picture.changed_conversations(moment.now))


async def _ready(transaction: Transaction, picture: Picture, moment: Moment) -> list[NewRow]:
    released = picture.released()
    gathered = await conversations.of_turns(transaction, [turn.id for turn in released])
    rows = []
    for turn in released:
        if gathered[turn.id]:
            conversation = picture.conversations[turn.conversation_id]
            event = turn_ready(conversation, turn, gathered[turn.id], moment.now)
            rows.append(outbox_row(event, SOURCE))
        else:
            # Its only message came at the same moment under another conversation's name.
            picture.end(turn, Outcome.SILENT, "empty", moment.now)
    return rows
