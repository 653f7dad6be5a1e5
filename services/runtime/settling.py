"""A batch in hand: what becomes of each message, told to the broker and counted."""

from collections.abc import Sequence

import structlog

from contracts.topology import RetryStep
from services.runtime.broker import Delivery, Subscription
from services.runtime.metrics import ConsumerMetrics

log = structlog.get_logger(__name__)


class Hand:
    """Settles the deliveries of one batch; whatever it leaves open goes back to the queue."""

    def __init__(self, subscription: Subscription, size: int, metrics: ConsumerMetrics) -> None:
        """``size`` is how many deliveries were taken."""
        self._subscription = subscription
        self._metrics = metrics
        self._size = size
        self._open = size
        self._taken_at = metrics.took(size)

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """They are done."""
        if deliveries:
            await self._subscription.ack(deliveries)
            self._open -= len(deliveries)
            self._metrics.done.inc(len(deliveries))

    async def retry(self, delivery: Delivery, step: RetryStep, error: BaseException) -> None:
        """It waits on the ladder and comes back counted."""
        log.warning("retried", event_id=delivery.event_id, step=step.name, exc_info=error)
        await self._subscription.retry(delivery, step, repr(error))
        self._open -= 1
        self._metrics.retried.inc()

    async def bury(self, delivery: Delivery, reason: str, error: str) -> None:
        """It is kept for a person."""
        log.error("buried", event_id=delivery.event_id, queue=delivery.queue, reason=reason)
        await self._subscription.bury(delivery, reason, error)
        self._open -= 1
        self._metrics.buried.inc()

    async def forget(self, delivery: Delivery) -> None:
        """A copy of it has taken its place; it counts as returned."""
        await self._subscription.ack([delivery])

    def leave(self) -> None:
        """The batch has left the process."""
        self._metrics.returned.inc(self._open)
        self._metrics.settled(self._size, self._taken_at)
