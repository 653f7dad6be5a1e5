"""A message as a row of the file, and what it is read as."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from contracts.topology import Arguments
from services.runtime.broker import ORIGINAL_KEY, Delivery, Outgoing

COLUMNS = "id, queue, routing_key, body, headers, event_id, deliveries"


class Row(NamedTuple):
    """A message in the file, in the order of ``COLUMNS``."""

    id: int
    queue: str
    routing_key: str
    body: bytes
    headers: str
    event_id: str
    deliveries: int

    def delivery(self) -> Delivery:
        """The message as its consumer sees it."""
        headers = json.loads(self.headers)
        return Delivery(
            queue=self.queue,
            routing_key=headers.get(ORIGINAL_KEY, self.routing_key),
            body=self.body,
            headers=headers,
            event_id=self.event_id,
            deliveries=self.deliveries,
            tag=self.id,
        )


def in_order(rows: Iterable[Sequence[Any]]) -> list[Delivery]:
    """What RETURNING gave, in the order of the queue, which it does not promise."""
    return [Row._make(row).delivery() for row in sorted(rows, key=lambda row: row[0])]


def expiry(ttl: str | int | None) -> float | None:
    """When a message that arrives now expires, in seconds since 1970; ``ttl`` in milliseconds."""
    return None if ttl is None else time.time() + int(ttl) / 1000


def dead_copy(row: Row, arguments: Arguments, reason: str) -> Outgoing:
    """A message as its queue's arguments have it dead-lettered, its first key kept."""
    headers = json.loads(row.headers)
    headers.setdefault(ORIGINAL_KEY, row.routing_key)
    headers.setdefault("x-first-death-queue", row.queue)
    headers.setdefault("x-first-death-reason", reason)
    return Outgoing(
        exchange=str(arguments["x-dead-letter-exchange"]),
        routing_key=str(arguments.get("x-dead-letter-routing-key", row.routing_key)),
        body=row.body,
        event_id=row.event_id,
        event_type=headers[ORIGINAL_KEY],
        headers=headers,
    )
