"""One batch on the one road: read, handle, publish what it caused, settle."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from contracts.codec import decode, encode
from contracts.envelope import Envelope, cause
from contracts.events import Event
from contracts.topology import BROADCASTS, LADDER, RetryStep, source_of
from services.runtime.broker import (
    ATTEMPT,
    Broker,
    Delivery,
    Outgoing,
    PublishFailed,
    Subscription,
    retried_copy,
)
from services.runtime.metrics import ConsumerMetrics
from services.runtime.policy import Bury, Errors, Refused, Retry, Return, Rules, decide, suspicion
from services.runtime.settling import Hand

Result = Sequence[Event] | Refused
"""What handling a message gives: the events it causes, or why it is refused for good."""

Handler = Callable[[Sequence[Envelope[Any]]], Awaitable[Sequence[Result]]]
"""Takes a batch of envelopes, returns a result for each, in order. It never publishes or acks."""

Reader = Callable[[Delivery], Envelope[Any]]


class Away(Exception):
    """Something that everybody needs is away; the messages in hand go back to their queue."""


def read_event(delivery: Delivery) -> Envelope[Any]:
    """Read a delivery's body as an event."""
    return decode(delivery.body)


def outgoing(envelope: Envelope[Event]) -> Outgoing:
    """An envelope as a message to publish under its type; a broadcast may find nobody."""
    return Outgoing(
        routing_key=envelope.type,
        body=encode(envelope),
        event_id=envelope.id,
        event_type=envelope.type,
        mandatory=envelope.type not in BROADCASTS,
    )


class Road:
    """The path that every message of one consumer takes, and that always ends in a settlement."""

    def __init__(
        self,
        service: str,
        broker: Broker,
        handler: Handler,
        rules: Rules,
        metrics: ConsumerMetrics,
        read: Reader = read_event,
    ) -> None:
        """Keep the parts; ``read`` differs only for who takes other things than events."""
        self._source = source_of(service)
        self._broker = broker
        self._handler = handler
        self._rules = rules
        self._gone: Errors = (PublishFailed, *rules.away)
        self._metrics = metrics
        self._read = read

    async def take(self, subscription: Subscription, batch: Sequence[Delivery]) -> None:
        """Bring a batch to its end: every delivery acked, retried or buried.

        Raises:
            Away: some are left unsettled, because the broker or another dependency is away.
        """
        hand = Hand(subscription, len(batch), self._metrics)
        try:
            await self._sort(hand, batch)
        except self._gone as error:
            raise Away(str(error)) from error
        finally:
            hand.leave()

    async def _sort(self, hand: Hand, batch: Sequence[Delivery]) -> None:
        verdicts = [suspicion(each.deliveries, self._rules) for each in batch]
        calm = [each for each, verdict in zip(batch, verdicts, strict=True) if verdict == "none"]
        await self._handle(hand, calm)
        for delivery, verdict in zip(batch, verdicts, strict=True):
            if verdict == "alone":
                await self._handle(hand, [delivery])
            elif verdict == "bury":
                words = f"handed out {delivery.deliveries} times and never settled: it kills"
                await hand.bury(delivery, "delivered too often", words)

    async def _handle(self, hand: Hand, deliveries: Sequence[Delivery]) -> None:
        readable = await self._readable(hand, deliveries)
        if not readable:
            return
        try:
            results = await self._handler([envelope for _, envelope in readable])
            caused = [
                self._caused(envelope, result)
                for (_, envelope), result in zip(readable, results, strict=True)
            ]
        except Exception as error:  # noqa: BLE001 - the one place where everything is caught
            await self._separate(hand, [delivery for delivery, _ in readable], error)
        else:
            await self._finish(hand, [delivery for delivery, _ in readable], caused)

    async def _readable(
        self, hand: Hand, deliveries: Sequence[Delivery]
    ) -> list[tuple[Delivery, Envelope[Any]]]:
        readable: list[tuple[Delivery, Envelope[Any]]] = []
        for delivery in deliveries:
            try:
                readable.append((delivery, self._read(delivery)))
            except Exception as error:  # noqa: BLE001 - the same place: whatever a body holds
                await self._fail(hand, delivery, error)
        return readable

    def _caused(self, envelope: Envelope[Any], result: Result) -> list[Outgoing] | Refused:
        if isinstance(result, Refused):
            return result
        return [outgoing(child) for child in cause(envelope, result, source=self._source)]

    async def _separate(self, hand: Hand, deliveries: Sequence[Delivery], error: Exception) -> None:
        """Take a failed batch again one by one, so that one bad message spoils no neighbour."""
        if len(deliveries) == 1 or isinstance(error, self._rules.away):
            await self._fail(hand, deliveries[0], error)
            return
        for delivery in deliveries:
            await self._handle(hand, [delivery])

    async def _finish(
        self,
        hand: Hand,
        deliveries: Sequence[Delivery],
        caused: Sequence[list[Outgoing] | Refused],
    ) -> None:
        """Publish what was caused; ack exactly the inputs whose events are all confirmed."""
        messages: list[Outgoing] = []
        owners: list[int] = []
        failed: dict[int, Exception] = {}
        for place, result in enumerate(caused):
            if isinstance(result, Refused):
                failed[place] = result
            else:
                messages += result
                owners += [place] * len(result)
        failed |= await self._publish(messages, owners)
        await hand.ack([each for place, each in enumerate(deliveries) if place not in failed])
        # Who waits for something that is away leaves the batch, so the others go first.
        for place in sorted(failed, key=lambda place: isinstance(failed[place], self._rules.away)):
            await self._fail(hand, deliveries[place], failed[place])

    async def _publish(
        self, messages: Sequence[Outgoing], owners: Sequence[int]
    ) -> dict[int, Exception]:
        if not messages:
            return {}
        try:
            await self._broker.publish(messages)
        except PublishFailed as error:
            self._metrics.published.inc(len(messages) - len(error.errors))
            return {owners[place]: each for place, each in error.errors.items()}
        self._metrics.published.inc(len(messages))
        return {}

    async def _fail(self, hand: Hand, delivery: Delivery, error: BaseException) -> None:
        match decide(error, delivery.attempt, self._rules):
            case Return():
                await self._return(hand, delivery, error)
                raise Away(str(error)) from error
            case Retry(step):
                await hand.retry(delivery, step, error)
            case Bury(reason):
                await hand.bury(delivery, reason, str(error))

    async def _return(self, hand: Hand, delivery: Delivery, error: BaseException) -> None:
        """Give a message back; a suspect as a fresh copy, lest its waits be taken for deaths.

        The broker counts every return as it counts a death, and a dependency that is away for
        some messages only (a locked table, a full disk) may return one for hours.
        """
        if suspicion(delivery.deliveries, self._rules) != "none":
            await self._broker.publish([waiting_copy(delivery, LADDER[0], repr(error))])
            await hand.forget(delivery)


def waiting_copy(delivery: Delivery, step: RetryStep, error: str) -> Outgoing:
    """The copy that comes back after the step's delay with no attempt counted."""
    copy = retried_copy(delivery, step, error)
    return replace(copy, headers={**copy.headers, ATTEMPT: delivery.attempt})
