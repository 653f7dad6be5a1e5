"""The broker port: what a service may ask of RabbitMQ or of the embedded broker.

Its promises, held by both and shown by one conformance suite:

- ``publish`` returns only when the broker has the messages durably; every bound queue has its
  own copy. Exactly the messages that were refused are named, whatever their place in the batch.
- Consumers of one queue share it. Nobody holds more than ``prefetch`` unsettled deliveries.
- An unsettled delivery comes back when its consumer dies, with its delivery count raised.
- A retry comes back to its own queue alone, counted, and not before its delay has passed.
- A buried message is kept with its reason, its source queue, its attempts and the error.
- A broadcast reaches every process that listens when it is published; it is a hint, no more.
- ``close`` drains: what was taken may still be settled, nothing new is taken.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from contracts.topology import BURIED, EXCHANGE, RetryStep, Topology

HeaderValue = str | int

ATTEMPT = "aprendiz-attempt"
ORIGINAL_KEY = "aprendiz-key"
REASON = "aprendiz-reason"
SOURCE_QUEUE = "aprendiz-queue"
ERROR = "aprendiz-error"

MAX_ERROR = 2_000
"""Characters of an error that travel in a header."""


class BrokerAway(ConnectionError):
    """The broker cannot be reached, or went away before it answered. Wait for it."""


class PublishError(Exception):
    """The broker did not take a message."""


class Unroutable(PublishError):
    """No queue is bound for the message's key: the topology is missing. Apply it."""


class Rejected(PublishError):
    """The broker has the queue and will not take the message now: the queue is full."""


class NotConfirmed(PublishError, BrokerAway):
    """The broker did not confirm the message in time; it may have it all the same."""


class PublishFailed(Exception):
    """Some messages of a batch were refused; the others are safely with the broker.

    Attributes:
        errors: what went wrong, by the message's place in the batch.
    """

    def __init__(self, errors: Mapping[int, PublishError]) -> None:
        """Keep ``errors``, and say how many there are and what the first one is."""
        first = next(iter(errors.values()))
        super().__init__(f"{len(errors)} of the batch were refused, the first because: {first}")
        self.errors = errors


class TopologyMismatch(Exception):
    """Queues or exchanges are missing or have other arguments, which the message names.

    Delete them (after emptying them), or run ``aprendiz topology check`` to see all of them.

    Attributes:
        items: the broker's own words, by the name of the queue or exchange.
    """

    def __init__(self, items: Mapping[str, str]) -> None:
        """Keep ``items`` and say them all."""
        listed = "; ".join(f"{name}: {words}" for name, words in items.items())
        super().__init__(f"The broker's topology differs: {listed}")
        self.items = items


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish: persistent, with a fresh AMQP message id on each publish."""

    routing_key: str
    body: bytes
    event_id: str
    event_type: str
    exchange: str = EXCHANGE
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    mandatory: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in a consumer's hands, to be settled once."""

    queue: str
    routing_key: str
    """The event's key, also after a stay on the ladder."""
    body: bytes
    headers: Mapping[str, HeaderValue]
    event_id: str
    """The publisher's word (AMQP's correlation id) for what the body names; may be empty."""
    deliveries: int
    """How many times it was handed out before and came back unsettled."""
    tag: int
    """The broker's own name for this delivery."""

    @property
    def attempt(self) -> int:
        """How many times it failed and was retried before."""
        value = self.headers.get(ATTEMPT, 0)
        return max(value, 0) if isinstance(value, int) else 0


def retried_copy(delivery: Delivery, step: RetryStep, error: str) -> Outgoing:
    """The copy that waits on the ladder: its key is its source queue, so it returns there alone."""
    return _copy(
        delivery,
        exchange=step.name,
        routing_key=delivery.queue,
        headers={ATTEMPT: delivery.attempt + 1, ERROR: error[:MAX_ERROR]},
    )


def buried_copy(delivery: Delivery, reason: str, error: str) -> Outgoing:
    """The copy that is kept for a person to look at."""
    return _copy(
        delivery,
        exchange="",
        routing_key=BURIED,
        headers={REASON: reason, SOURCE_QUEUE: delivery.queue, ERROR: error[:MAX_ERROR]},
    )


def _copy(
    delivery: Delivery, *, exchange: str, routing_key: str, headers: Mapping[str, HeaderValue]
) -> Outgoing:
    own = {name: value for name, value in delivery.headers.items() if name.startswith("aprendiz-")}
    return Outgoing(
        exchange=exchange,
        routing_key=routing_key,
        body=delivery.body,
        event_id=delivery.event_id,
        event_type=delivery.routing_key,
        headers={**own, ATTEMPT: delivery.attempt, ORIGINAL_KEY: delivery.routing_key, **headers},
    )


class Subscription(Protocol):
    """A consumer that is registered with the broker."""

    async def take(self, limit: int) -> list[Delivery]:
        """What is waiting, up to ``limit``; waits until there is at least one.

        Raises:
            BrokerAway: the connection or the consumer is gone; what was in hand comes back.
        """

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Settle: they are done. A delivery that came back meanwhile is left alone."""

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Settle: hand them back to their queue."""

    async def retry(self, delivery: Delivery, step: RetryStep, error: str) -> None:
        """Settle: a confirmed copy waits on the ladder, then comes back to this queue alone."""

    async def bury(self, delivery: Delivery, reason: str, error: str) -> None:
        """Settle: a confirmed copy goes to the buried with reason, queue, attempts and error."""


class Listener(Protocol):
    """A private, passing queue: broadcasts for a process, or a tap on the traffic."""

    async def take(self, limit: int) -> list[Delivery]:
        """What came since; waits until there is at least one. Nothing needs settling.

        Raises:
            BrokerAway: the queue is gone; what was published meanwhile is missed.
        """


class Broker(Protocol):
    """One connection of one process to its broker."""

    async def connect(self) -> None:
        """Connect, or connect anew.

        Raises:
            BrokerAway: nobody answers; says where and why.
        """

    async def declare(self, topology: Topology) -> None:
        """Make sure that the whole topology exists.

        Raises:
            TopologyMismatch: something exists with other arguments; all the rest is declared.
            BrokerAway: the connection is gone.
        """

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish a batch at once and wait until the broker has confirmed every message.

        Raises:
            PublishFailed: names exactly the messages that were refused.
            BrokerAway: there is no connection; nothing of the batch was sent.
        """

    def subscribe(self, queue: str, *, prefetch: int) -> AbstractAsyncContextManager[Subscription]:
        """Consume a queue for the length of the context; leaving it takes nothing new.

        Deliveries in hand may be settled until the context is left; the rest come back.
        """

    def listen(self, keys: Sequence[str]) -> AbstractAsyncContextManager[Listener]:
        """Hear what is published under ``keys`` from now on, through a queue of our own."""

    async def depth(self, queue: str) -> int:
        """How many messages are ready in a queue.

        Raises:
            TopologyMismatch: there is no such queue.
        """

    async def close(self) -> None:
        """Leave. Unsettled deliveries come back to their queues."""
