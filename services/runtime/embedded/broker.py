"""The embedded broker as its port: connections, consumers and listeners."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

from contracts.topology import RetryStep, Topology
from services.runtime.broker import (
    BrokerAway,
    Delivery,
    Listener,
    Outgoing,
    PublishFailed,
    Subscription,
    TopologyMismatch,
    buried_copy,
    retried_copy,
)
from services.runtime.embedded.leases import LONGEST
from services.runtime.embedded.routine import Job
from services.runtime.embedded.store import Store
from services.runtime.embedded.worker import Worker

LEASE_SECONDS = 12.0
"""What a killed consumer had in hand is ready again after this, and a moment for chores."""


class EmbeddedBroker:
    """A broker in one SQLite file on a local disk, shared by the processes of one machine."""

    def __init__(self, path: Path, *, lease_seconds: float = LEASE_SECONDS) -> None:
        """Keep the path; nothing is opened before ``connect``.

        Raises:
            ValueError: other processes would not believe in so long a lease.
        """
        if not 0 < lease_seconds <= LONGEST:
            raise ValueError(f"a lease takes more than 0 and at most {LONGEST:g} seconds")
        self._path = path
        self._lease_seconds = lease_seconds
        self._worker: Worker | None = None
        self._connecting = asyncio.Lock()

    async def connect(self) -> None:
        """Open the file unless it is open. See ``Broker.connect``."""
        async with self._connecting:
            if self._worker is None or self._worker.ended:
                worker = Worker(self._path, self._lease_seconds)
                await worker.start()
                self._worker = worker

    def _connected(self) -> Worker:
        if self._worker is None or self._worker.ended:
            raise BrokerAway(f"embedded broker {self._path} is not open: connect first")
        return self._worker

    async def declare(self, topology: Topology) -> None:
        """See ``Broker.declare``."""
        mismatches = await self._connected().run(lambda store: store.declare(topology))
        if mismatches:
            raise TopologyMismatch(mismatches)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """See ``Broker.publish``. The whole batch is one transaction."""
        refused = await self._connected().run(lambda store: store.messages.publish(messages))
        if refused:
            raise PublishFailed(refused)

    @asynccontextmanager
    async def subscribe(self, queue: str, *, prefetch: int) -> AsyncIterator[Subscription]:
        """See ``Broker.subscribe``."""
        worker = self._connected()
        consumer = await worker.run(lambda store: store.consume(queue), undo=Store.leave)
        try:
            yield EmbeddedSubscription(worker, consumer, queue, prefetch)
        finally:
            await _leave(worker, consumer)

    @asynccontextmanager
    async def listen(self, keys: Sequence[str]) -> AsyncIterator[Listener]:
        """See ``Broker.listen``."""
        worker = self._connected()
        queue = f"aprendiz.private.{uuid4().hex}"
        consumer = await worker.run(lambda store: store.listen(queue, keys), undo=Store.leave)
        try:
            yield EmbeddedListener(worker, consumer, queue)
        finally:
            await _leave(worker, consumer)

    async def depth(self, queue: str) -> int:
        """See ``Broker.depth``."""
        return await self._connected().run(lambda store: store.depth(queue))

    async def close(self) -> None:
        """See ``Broker.close``. What was asked for before is still done."""
        worker, self._worker = self._worker, None
        if worker is not None and not worker.ended:
            with suppress(BrokerAway):
                await worker.run(Store.leave_all)
            await worker.stop()


async def _leave(worker: Worker, consumer: int) -> None:
    """End a consumer, also when whoever leaves is cancelled meanwhile."""
    with suppress(BrokerAway):
        left = worker.submit(Job(lambda store: store.leave(consumer)))
        await asyncio.shield(asyncio.wrap_future(left))


class EmbeddedSubscription:
    """A consumer with a lease, which the thread renews whatever the event loop does."""

    def __init__(self, worker: Worker, consumer: int, queue: str, prefetch: int) -> None:
        """Consume as ``consumer``, which the store has registered."""
        self._worker = worker
        self._consumer = consumer
        self._queue = queue
        self._prefetch = prefetch

    async def take(self, limit: int) -> list[Delivery]:
        """See ``Subscription.take``."""
        who = (self._consumer, self._queue)
        taken: list[Delivery] = []
        # Another consumer of the same group of jobs may have been faster.
        while not taken:
            taken = await self._worker.run(
                lambda store: store.take(*who, limit, self._prefetch),
                when=lambda store: store.can_take(*who, self._prefetch),
                undo=lambda store, unseen: store.messages.untake(self._consumer, unseen),
            )
        return taken

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Subscription.ack``."""
        await self._worker.run(lambda store: store.messages.ack(self._consumer, deliveries))

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Subscription.release``."""
        await self._worker.run(lambda store: store.messages.release(self._consumer, deliveries))

    async def retry(self, delivery: Delivery, step: RetryStep, error: str) -> None:
        """See ``Subscription.retry``."""
        await self._move(delivery, retried_copy(delivery, step, error))

    async def bury(self, delivery: Delivery, reason: str, error: str) -> None:
        """See ``Subscription.bury``."""
        await self._move(delivery, buried_copy(delivery, reason, error))

    async def _move(self, delivery: Delivery, copy: Outgoing) -> None:
        refused = await self._worker.run(
            lambda store: store.messages.move(self._consumer, delivery, copy)
        )
        if refused:
            raise PublishFailed(refused)


class EmbeddedListener:
    """A private queue, which disappears with its owner's lease."""

    def __init__(self, worker: Worker, consumer: int, queue: str) -> None:
        """Listen as ``consumer``, which the store has registered."""
        self._worker = worker
        self._consumer = consumer
        self._queue = queue

    async def take(self, limit: int) -> list[Delivery]:
        """See ``Listener.take``."""
        taken: list[Delivery] = []
        while not taken:
            taken = await self._worker.run(
                lambda store: store.take_away(self._consumer, self._queue, limit),
                when=lambda store: store.can_take(self._consumer, self._queue, prefetch=1),
            )
        return taken
