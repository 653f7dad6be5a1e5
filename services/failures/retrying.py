"""Sends buried messages back to the one queue that they failed in, as if for the first time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.topology import BURIED
from services.failures.buried import RETRIED
from services.runtime.broker import ORIGINAL_KEY, Broker, Outgoing, PublishFailed
from services.storage import failures
from services.storage.engine import Database
from services.storage.failures import Failure


class NotRetryable(ValueError):
    """Nobody noted the queue in which this failed: drop it, or publish the event anew."""


class Retried(NamedTuple):
    """What became of an attempt to retry: ids that went out, and why others did not."""

    ids: list[int]
    refused: Mapping[int, str]


def outgoing(failure: Failure) -> Outgoing:
    """The message for its source queue alone; its attempts are counted from 0 again.

    Raises:
        NotRetryable: the source queue is not known.
    """
    if failure.source_queue in ("", BURIED):
        raise NotRetryable(
            f"Nobody noted the queue in which {failure.id} failed: drop it, or publish it anew"
        )
    return Outgoing(
        exchange="",  # the default exchange: a routing key is a queue's name
        routing_key=failure.source_queue,
        body=failure.body,
        event_id=failure.event_id or "",
        event_type=failure.event_type or "",
        headers={ORIGINAL_KEY: failure.routing_key, RETRIED: failure.id},
    )


async def retry(database: Database, broker: Broker, ids: Sequence[int], who: str) -> Retried:
    """Publish these failures again; those that the broker has confirmed are marked as retried.

    A crash in between leaves them buried and published: handling an event twice is harmless.
    """
    async with database.read() as connection:
        rows = {row.id: row for row in await failures.buried(connection, ids)}
    refused = {each: "it is not buried (any more)" for each in ids if each not in rows}
    messages: dict[int, Outgoing] = {}
    for row in rows.values():
        try:
            messages[row.id] = outgoing(row)
        except NotRetryable as error:
            refused[row.id] = str(error)
    refused |= await _publish(broker, messages)
    published = [each for each in messages if each not in refused]
    async with database.begin() as connection:
        await failures.mark_retried(connection, published, who)
    return Retried(published, refused)


async def _publish(broker: Broker, messages: Mapping[int, Outgoing]) -> dict[int, str]:
    """Publish; returns why, for those that were refused."""
    if not messages:
        return {}
    try:
        await broker.publish(list(messages.values()))
    except PublishFailed as error:
        ids = list(messages)
        return {ids[place]: str(why) for place, why in error.errors.items()}
    return {}
