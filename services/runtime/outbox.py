"""Publishes what starts without a message: rows written in the transaction of their change."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from contracts.topology import BROADCASTS
from services.runtime.broker import Broker, BrokerAway, Outgoing, PublishFailed
from services.runtime.metrics import Metrics
from services.runtime.policy import Errors
from services.runtime.waiting import woken

log = structlog.get_logger(__name__)

BATCH = 256
CLAIM_SECONDS = 30
"""For so long a row belongs to one publisher; after its crash another takes over."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the table for rows of other processes."""


class Row(Protocol):
    """An event that waits to be published."""

    @property
    def id(self) -> int:
        """The row's number."""

    @property
    def event_id(self) -> str:
        """The event's id."""

    @property
    def routing_key(self) -> str:
        """The event's type."""

    @property
    def body(self) -> bytes:
        """The encoded envelope."""


class Store(Protocol):
    """The outbox table."""

    async def claim(self, limit: int, seconds: float) -> Sequence[Row]:
        """The oldest rows that nobody else has claimed, claimed for so many seconds."""

    async def done(self, ids: Sequence[int]) -> None:
        """Forget rows that the broker has confirmed."""

    async def release(self, ids: Sequence[int]) -> None:
        """Hand rows back that are to be claimed again at once."""


class Outbox:
    """One publisher of a process; several processes share the table."""

    def __init__(self, store: Store, broker: Broker, away: Errors, metrics: Metrics) -> None:
        """``away`` are the errors that pass by waiting."""
        self._store = store
        self._broker = broker
        self._away = away
        # A row is published by any process: whose event it is, nobody notes.
        self._published = metrics.published.labels("outbox")
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that a row was just committed here."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop``; rows outlive everything else."""
        while not stop.is_set():
            self._woken.clear()
            try:
                published = await self.publish_waiting()
            except self._away as error:
                log.warning("outbox waits", why=str(error))
                published = 0
            if not published:
                await woken(stop, self._woken, LOOK_EVERY)

    async def publish_waiting(self) -> int:
        """Publish a batch of rows; returns how many the broker has confirmed.

        A row that the broker did not answer for is tried again soon. One that it refused waits
        until its claim ends, so that others come before it.
        """
        await self._broker.connect()
        rows = await self._store.claim(BATCH, CLAIM_SECONDS)
        if not rows:
            return 0
        errors = await self._publish(rows)
        unanswered = [rows[at].id for at, each in errors.items() if isinstance(each, BrokerAway)]
        await self._store.release(unanswered)
        confirmed = [row.id for place, row in enumerate(rows) if place not in errors]
        self._published.inc(len(confirmed))
        await self._store.done(confirmed)
        return len(confirmed)

    async def _publish(self, rows: Sequence[Row]) -> Mapping[int, Exception]:
        """What went wrong, by place."""
        try:
            await self._broker.publish([_outgoing(row) for row in rows])
        except PublishFailed as error:
            log.warning("outbox rows were refused and stay", why=str(error))
            return error.errors
        except BrokerAway as error:
            log.warning("outbox waits", why=str(error))
            return dict.fromkeys(range(len(rows)), error)
        return {}


def _outgoing(row: Row) -> Outgoing:
    return Outgoing(
        routing_key=row.routing_key,
        body=row.body,
        event_id=row.event_id,
        event_type=row.routing_key,
        # A hint that nobody listens to just now is not missing: it must not be tried for ever.
        mandatory=row.routing_key not in BROADCASTS,
    )
