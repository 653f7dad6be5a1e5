"""Messages in the file: in which queue, in whose hands, and where they go next."""

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence

from contracts.topology import Arguments
from services.runtime.broker import Delivery, Outgoing, PublishError, Unroutable
from services.runtime.embedded.registry import Registry
from services.runtime.embedded.rows import COLUMNS, Row, dead_copy, expiry, in_order

EXPIRED_AT_ONCE = 500
"""Expired messages moved in one transaction, so that it holds nobody up."""
STUCK_SECONDS = 5.0
"""Until an expired message whose target is missing is looked at again."""

_READY = "SELECT id FROM messages WHERE queue = ? AND consumer IS NULL ORDER BY id LIMIT ?"
_HELD = "id = ? AND deliveries = ? AND consumer = ?"
"""One delivery exactly: a message that came back has a higher count, or another consumer."""


class Messages:
    """The table of messages. Every call belongs into the caller's transaction."""

    def __init__(self, database: sqlite3.Connection, registry: Registry) -> None:
        """Route by the registry's word."""
        self._database = database
        self._registry = registry

    def publish(self, messages: Sequence[Outgoing]) -> dict[int, PublishError]:
        """Give every bound queue its copy; returns what was refused, by place in the batch."""
        refused: dict[int, PublishError] = {}
        for place, message in enumerate(messages):
            if not self._enqueue(message) and message.mandatory:
                refused[place] = Unroutable(
                    f"no queue takes {message.routing_key!r} from exchange {message.exchange!r}"
                )
        return refused

    def _enqueue(self, message: Outgoing) -> bool:
        """Whether any queue took it."""
        routes = self._registry.routes
        queues = routes.of(message.exchange, message.routing_key)
        headers = json.dumps(dict(message.headers))
        self._database.executemany(
            "INSERT INTO messages (queue, expires_at, routing_key, event_id, headers, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    queue,
                    expiry(routes.queues[queue].get("x-message-ttl")),
                    message.routing_key,
                    message.event_id,
                    headers,
                    message.body,
                )
                for queue in queues
            ],
        )
        return bool(queues)

    def can_take(self, consumer: int, queue: str, prefetch: int) -> bool:
        """Whether ``take`` would give something."""
        ready = self._database.execute(_READY, (queue, 1)).fetchone()
        return ready is not None and self._room(consumer, prefetch) > 0

    def take(self, consumer: int, queue: str, limit: int, prefetch: int) -> list[Delivery]:
        """Put what is ready into a consumer's hands, up to its room, the oldest first."""
        room = min(limit, self._room(consumer, prefetch))
        taken = self._database.execute(
            f"UPDATE messages SET consumer = ? WHERE id IN ({_READY}) RETURNING {COLUMNS}",  # noqa: S608 - constants
            (consumer, queue, room),
        ).fetchall()
        return in_order(taken)

    def take_away(self, queue: str, limit: int) -> list[Delivery]:
        """Take what is ready and keep nothing of it."""
        taken = self._database.execute(
            f"DELETE FROM messages WHERE id IN ({_READY}) RETURNING {COLUMNS}",  # noqa: S608 - constants
            (queue, limit),
        ).fetchall()
        return in_order(taken)

    def _room(self, consumer: int, prefetch: int) -> int:
        held = self._database.execute(
            "SELECT count(*) FROM messages WHERE consumer = ?", (consumer,)
        ).fetchone()[0]
        return max(0, prefetch - int(held))

    def ack(self, consumer: int, deliveries: Iterable[Delivery]) -> None:
        """Forget what is done, as far as this consumer still has it."""
        self._database.executemany(
            f"DELETE FROM messages WHERE {_HELD}",  # noqa: S608 - a constant
            [(each.tag, each.deliveries, consumer) for each in deliveries],
        )

    def release(self, consumer: int, deliveries: Iterable[Delivery]) -> None:
        """Hand back, counted, what this consumer still has."""
        for each in deliveries:
            self._give_back(_HELD, (each.tag, each.deliveries, consumer))

    def untake(self, consumer: int, deliveries: Iterable[Delivery]) -> None:
        """Hand back, uncounted, what nobody ever saw."""
        self._database.executemany(
            f"UPDATE messages SET consumer = NULL WHERE {_HELD}",  # noqa: S608 - a constant
            [(each.tag, each.deliveries, consumer) for each in deliveries],
        )

    def move(self, consumer: int, delivery: Delivery, copy: Outgoing) -> dict[int, PublishError]:
        """Replace what this consumer still has by a copy elsewhere, unless that is refused."""
        held = (delivery.tag, delivery.deliveries, consumer)
        found = self._database.execute(f"SELECT 1 FROM messages WHERE {_HELD}", held)  # noqa: S608 - a constant
        if found.fetchone() is None:
            return {}
        refused = self.publish([copy])
        if not refused:
            self.ack(consumer, [delivery])
        return refused

    def release_all(self, consumer: int) -> None:
        """Hand back, counted, everything that a consumer has."""
        self._give_back("consumer = ?", (consumer,))

    def _give_back(self, which: str, parameters: tuple[int, ...]) -> None:
        rows = self._database.execute(
            "UPDATE messages SET consumer = NULL, deliveries = deliveries + 1"  # noqa: S608 - constants
            f" WHERE {which} RETURNING {COLUMNS}",
            parameters,
        ).fetchall()
        for row in map(Row._make, rows):
            limit = self._arguments(row.queue).get("x-delivery-limit")
            if limit is not None and row.deliveries > int(limit):
                self._dead_letter(row, "delivery_limit")

    def _arguments(self, queue: str) -> Arguments:
        return self._registry.routes.queues.get(queue, {})

    def _dead_letter(self, row: Row, reason: str) -> bool:
        """Move to where the queue's arguments say; stays when nobody is there to take it."""
        arguments = self._arguments(row.queue)
        exchange = arguments.get("x-dead-letter-exchange")
        if exchange is not None and not self._enqueue(dead_copy(row, arguments, reason)):
            return False
        self._database.execute("DELETE FROM messages WHERE id = ?", (row.id,))
        return True

    def depth(self, queue: str) -> int:
        """How many messages are ready."""
        found = self._database.execute(
            "SELECT count(*) FROM messages WHERE queue = ? AND consumer IS NULL", (queue,)
        ).fetchone()
        return int(found[0])

    def trim(self, queue: str, limit: int) -> None:
        """Drop the oldest of a queue, beyond so many."""
        self._database.execute(
            "DELETE FROM messages WHERE queue = ? AND id <= (SELECT id FROM messages"
            " WHERE queue = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (queue, queue, limit),
        )

    def has_expired(self) -> bool:
        """Whether ``move_expired`` would move anything."""
        found = self._database.execute(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE expires_at <= ? AND consumer IS NULL)",
            (time.time(),),
        )
        return bool(found.fetchone()[0])

    def move_expired(self) -> None:
        """Move what has stayed its time to where its queue's arguments say, oldest first."""
        now = time.time()
        expired = self._database.execute(
            f"SELECT {COLUMNS} FROM messages WHERE expires_at <= ? AND consumer IS NULL"  # noqa: S608 - a constant
            " ORDER BY expires_at, id LIMIT ?",
            (now, EXPIRED_AT_ONCE),
        ).fetchall()
        for row in map(Row._make, expired):
            if not self._dead_letter(row, "expired"):
                self._database.execute(
                    "UPDATE messages SET expires_at = ? WHERE id = ?", (now + STUCK_SECONDS, row.id)
                )
