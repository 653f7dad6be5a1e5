"""Releases held samples that similar ones of other contacts confirm: no person is needed."""

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.certifying.holding import Sent, confirmed
from services.storage import samples
from services.storage.engine import Database
from services.storage.samples import Held


async def release_confirmed(database: Database, language: str) -> list[int]:
    """Let them be learned from; returns their ids. Before a training, so that it learns them."""
    async with database.begin() as connection:
        held = await samples.held(connection)
        if not held:
            return []
        others = await samples.sent_like(connection, {each.intent for each in held})
        ids = confirmed([_sent(each) for each in held], [_sent(each) for each in others], language)
        await samples.release_ids(connection, ids)
    return ids


def _sent(row: Held) -> Sent:
    return Sent(row.id, row.text, row.intent or OUT_OF_SCOPE, row.contact_id)
