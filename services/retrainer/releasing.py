"""Releases held samples that similar ones of other contacts confirm: no person is needed."""

import asyncio
from collections.abc import Sequence

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.certifying.holding import Sent, confirmed
from services.storage import catalogue, samples
from services.storage.engine import Database
from services.storage.samples import Written


async def release_confirmed(database: Database, language: str) -> list[int]:
    """Let them be learned from; returns their ids. Before a training, so that it learns them."""
    async with database.read() as connection:
        active = [each.name for each in await catalogue.read(connection)]
        held = await samples.held(connection, active)
        labels = {each.intent for each in held}
        others = await samples.sent_like(connection, active, labels) if held else []
    if not others:
        return []
    # Thousands of texts take seconds, in which this process still answers.
    ids = await asyncio.to_thread(confirmed, _sent(held), _sent(others), language)
    async with database.begin() as connection:
        await samples.release_ids(connection, ids)
    return ids


def _sent(rows: Sequence[Written]) -> list[Sent]:
    return [Sent(row.id, row.text, row.intent or OUT_OF_SCOPE, row.contact_id) for row in rows]
