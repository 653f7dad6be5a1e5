"""Keeps buried messages: a batch in one transaction, a copy of one that is kept changes nothing."""

from collections.abc import Sequence
from typing import Any

import structlog

from contracts.envelope import Envelope
from services.failures.buried import Buried
from services.runtime.batch import Handler, Result
from services.storage import failures
from services.storage.engine import Database

log = structlog.get_logger(__name__)


def keeper(database: Database) -> Handler:
    """The handler that moves buried messages into the table."""

    async def keep(batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        rows = {each.data.key: _row(each.data) for each in batch}
        async with database.begin() as connection:
            await failures.store(connection, list(rows.values()))
        for row in rows.values():
            log.error(
                "kept a failure", event_id=row.event_id, queue=row.source_queue, why=row.reason
            )
        return [()] * len(batch)

    return keep


def _row(data: Buried) -> failures.NewFailure:
    fields = {name: getattr(data, name) for name in Buried.model_fields if name != "key"}
    return failures.NewFailure(failure_key=data.key, **fields)
