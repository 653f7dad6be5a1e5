"""What one process does with the broker's file: its consumers, and chores for all."""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager

from contracts.topology import Topology
from services.runtime.broker import BrokerAway, Delivery, TopologyMismatch
from services.runtime.embedded.file import savepoint, transaction
from services.runtime.embedded.leases import Leases
from services.runtime.embedded.messages import Messages
from services.runtime.embedded.registry import Registry

RENEWALS_PER_LEASE = 3
"""So that two may fail before a lease runs out."""
PRIVATE_LIMIT = 10_000
"""Messages that wait for somebody who listens and does not take; the oldest go first."""


class Store:
    """The open file as its thread sees it. What changes it belongs into ``transaction``.

    Attributes:
        messages: publishing and settling, which ask for no lease.
        renewal_seconds: how often ``renew`` is due.
    """

    def __init__(self, database: sqlite3.Connection, lease_seconds: float) -> None:
        """Use an open file; nothing is read or written yet."""
        self.renewal_seconds = lease_seconds / RENEWALS_PER_LEASE
        self._database = database
        self._registry = Registry(database)
        self._leases = Leases(database, lease_seconds)
        self.messages = Messages(database, self._registry)

    def transaction(self) -> AbstractContextManager[None]:
        """Write alone, and all or nothing; on return it is on the disk."""
        return transaction(self._database)

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of a transaction that is undone alone when it fails."""
        return savepoint(self._database)

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def declare(self, topology: Topology) -> dict[str, str]:
        """Add what is missing; returns what exists with other arguments, in words, by name."""
        return self._registry.declare(topology)

    def consume(self, queue: str) -> int:
        """Register a consumer of a queue; returns its number."""
        self._check_queue(queue)
        return self._leases.grant()

    def listen(self, name: str, keys: Sequence[str]) -> int:
        """Register a consumer with a private queue; returns its number."""
        owner = self._leases.grant()
        self._registry.add_private(name, keys, owner)
        return owner

    def can_take(self, consumer: int, queue: str, prefetch: int) -> bool:
        """Whether a take would give something, or raise."""
        gone = not self._leases.holds(consumer)
        return gone or self.messages.can_take(consumer, queue, prefetch)

    def take(self, consumer: int, queue: str, limit: int, prefetch: int) -> list[Delivery]:
        """Put what is ready into a consumer's hands, up to its room, the oldest first."""
        self._check_lease(consumer, queue)
        return self.messages.take(consumer, queue, limit, prefetch)

    def take_away(self, consumer: int, queue: str, limit: int) -> list[Delivery]:
        """Take what is ready from a private queue, and keep nothing of it."""
        self._check_lease(consumer, queue)
        return self.messages.take_away(queue, limit)

    def depth(self, queue: str) -> int:
        """How many messages are ready in a queue that exists."""
        self._check_queue(queue)
        return self.messages.depth(queue)

    def _check_lease(self, consumer: int, queue: str) -> None:
        if not self._leases.holds(consumer):
            raise BrokerAway(
                f"the lease of a consumer of {queue} ran out: this process stood still or left;"
                " subscribe again"
            )

    def _check_queue(self, queue: str) -> None:
        if queue not in self._registry.routes.queues:
            raise TopologyMismatch({queue: "there is no such queue: apply the topology"})

    def leave(self, consumer: int) -> None:
        """End a consumer: what it has comes back, its private queues disappear."""
        self.messages.release_all(consumer)
        self._registry.drop_private(consumer)
        self._leases.end(consumer)

    def leave_all(self) -> None:
        """End every consumer of this process."""
        for consumer in self._leases.mine:
            self.leave(consumer)

    def renew(self) -> None:
        """Keep this process's consumers alive, and what waits for them within bounds."""
        self._leases.renew()
        for owner in self._leases.mine:
            for queue in self._registry.private_queues(owner):
                self.messages.trim(queue, PRIVATE_LIMIT)

    def has_chores(self) -> bool:
        """Whether ``do_chores`` would change anything."""
        return self.messages.has_expired() or bool(self._leases.lapsed())

    def do_chores(self) -> None:
        """What any process does for all: end dead consumers, move what has expired."""
        for consumer in self._leases.lapsed():
            self.leave(consumer)
        self.messages.move_expired()
