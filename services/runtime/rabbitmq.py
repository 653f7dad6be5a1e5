"""The RabbitMQ broker: the one file that names the AMQP client library."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar, cast
from uuid import uuid4

import aio_pika
import aiormq
from aio_pika.abc import AbstractConnection
from aiormq import Channel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import (
    AMQPError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
)
from yarl import URL

from contracts.topology import EXCHANGE, Binding, Exchange, Queue, RetryStep, Topology
from services.runtime.broker import (
    ORIGINAL_KEY,
    BrokerAway,
    Delivery,
    HeaderValue,
    Listener,
    NotConfirmed,
    Outgoing,
    PublishError,
    PublishFailed,
    Rejected,
    Subscription,
    TopologyMismatch,
    Unroutable,
    buried_copy,
    retried_copy,
)
from services.runtime.one_write import OneWriteFactory

T = TypeVar("T")

_FRESH, _COUNT = uuid4().hex, count()
"""Together a fresh AMQP message id for every publish: returned messages are matched by it."""

GONE = (AMQPError, ConnectionError, OSError, RuntimeError, TimeoutError)
"""What the client library raises when a connection or a channel is gone, RuntimeError included."""


PUBLISH_TIMEOUT = 10.0
"""Seconds until an unconfirmed publish counts as refused."""
CONNECT_TIMEOUT = 10.0
"""Seconds for a connection, handshake included, and for each answer of the broker."""
LEAVE_TIMEOUT = 5.0
"""Seconds for a polite end; after that whatever is left is dropped."""
FRAMES = 1024
"""Frames that a channel may hold unread; the client's own ten switch tasks every third message."""
LULL = 0.005
"""Seconds between two batches of a queue that stay under their limit: larger ones cost less."""


class BatchingConnection(aio_pika.Connection):
    """A connection whose frames leave together where they are written close together."""

    def __init__(self, url: URL, **kwargs: Any) -> None:
        """Take what ``aio_pika.Connection`` takes."""
        super().__init__(url, **kwargs)
        self.kwargs["transport_factory"] = OneWriteFactory()

    async def connect(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the client's
        """Connect. One that failed is closed at once, not whenever it is collected."""
        try:
            await super().connect(timeout)
        except BaseException:
            await self.close()
            raise


class RabbitBroker:
    """RabbitMQ 3.10 to 4.x: one connection, one publishing channel, a channel a consumer."""

    def __init__(
        self, url: str, *, name: str = "aprendiz", publish_timeout: float = PUBLISH_TIMEOUT
    ) -> None:
        """Keep the URL; nothing is opened before ``connect``."""
        self._url = url
        self._name = name
        self._timeout = publish_timeout
        self._connection: AbstractConnection | None = None
        self._publisher: Channel | None = None
        self._connecting = asyncio.Lock()
        self._opening = asyncio.Lock()

    async def connect(self) -> None:
        """Connect unless the connection stands. See ``Broker.connect``."""
        async with self._connecting:
            if not _stands(self._connection):
                await self.close()
                self._connection = await self._open_connection()

    async def _open_connection(self) -> AbstractConnection:
        where = self._url.rpartition("@")[2]
        opened = aio_pika.connect(
            self._url,
            timeout=CONNECT_TIMEOUT,
            client_properties={"connection_name": self._name},
            connection_class=BatchingConnection,
        )
        # Its own timeout comes first, and says more.
        try:
            return await _answer(opened, "connect", seconds=CONNECT_TIMEOUT + 1)
        except BrokerAway as error:
            raise BrokerAway(f"RabbitMQ at {where} does not answer: {error}") from error

    async def declare(self, topology: Topology) -> None:
        """See ``Broker.declare``."""
        mismatches: dict[str, str] = {}
        items: tuple[Exchange | Queue | Binding, ...] = (
            *topology.exchanges,
            *topology.queues,
            *topology.bindings,
        )
        channel = await self._channel()
        for item in items:
            try:
                await _answer(_declare(channel, item), "declare", but=ChannelPreconditionFailed)
            except ChannelPreconditionFailed as error:
                mismatches[getattr(item, "name", "")] = _reason(error)
                channel = await self._channel()
        await _quietly(channel.close())
        if mismatches:
            raise TopologyMismatch(mismatches)

    async def _channel(self, *, confirms: bool = False) -> Channel:
        connection = self._connection
        if connection is None or connection.transport is None or not _stands(connection):
            raise BrokerAway("There is no connection to RabbitMQ")
        # The client's own channel: it publishes without waiting for each write to drain.
        opening = connection.transport.connection.channel(
            publisher_confirms=confirms, on_return_raises=confirms, frame_buffer_size=FRAMES
        )
        try:
            return cast("Channel", await _answer(opening, "open a channel"))
        except BrokerAway:
            # It may have hung up without a word, and only a new connection can tell.
            await _quietly(connection.close())
            raise

    async def _publishing(self) -> Channel:
        async with self._opening:
            if self._publisher is None or self._publisher.is_closed:
                self._publisher = await self._channel(confirms=True)
            return self._publisher

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """See ``Broker.publish``."""
        if not messages:
            return
        channel = await self._publishing()
        now = datetime.now(UTC)
        tasks = [asyncio.ensure_future(_publish(channel, message, now)) for message in messages]
        try:
            await asyncio.wait(tasks, timeout=self._timeout)
        finally:
            errors = {place: error for place, task in enumerate(tasks) if (error := _fate(task))}
        if errors:
            raise PublishFailed(errors)

    @asynccontextmanager
    async def subscribe(self, queue: str, *, prefetch: int) -> AsyncIterator[Subscription]:
        """See ``Broker.subscribe``."""
        channel = await self._channel()
        subscription = RabbitSubscription(channel, queue, self.publish)
        try:
            tag = await subscription.start(prefetch)
            yield subscription
            await _quietly(channel.basic_cancel(tag))
        finally:
            await _quietly(channel.close())

    @asynccontextmanager
    async def listen(self, keys: Sequence[str]) -> AsyncIterator[Listener]:
        """See ``Broker.listen``."""
        channel = await self._channel()
        inbox = await _answer(_private_inbox(channel, keys), "listen")
        try:
            yield inbox
        finally:
            await _quietly(channel.close())

    async def depth(self, queue: str) -> int:
        """See ``Broker.depth``."""
        channel = await self._channel()
        looking = channel.queue_declare(queue, passive=True)
        try:
            found = await _answer(looking, f"look at {queue}", but=ChannelNotFoundEntity)
        except ChannelNotFoundEntity as error:
            raise TopologyMismatch({queue: _reason(error)}) from error
        finally:
            await _quietly(channel.close())
        return found.message_count or 0

    async def close(self) -> None:
        """See ``Broker.close``."""
        if self._connection is not None:
            await _quietly(self._connection.close())


class Inbox:
    """What a channel's consumer was sent and nobody has taken yet."""

    def __init__(self, channel: Channel, queue: str) -> None:
        """Watch the channel, so that whoever waits learns when it is gone."""
        self.queue = queue
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._gone: str | None = None
        self._taken = 0.0  # when, by the monotonic clock
        channel.closing.add_done_callback(lambda _: self._leave("its channel was closed"))
        channel.on_consumer_cancel_callbacks.add(
            lambda _: self._leave("the broker cancelled the consumer")
        )

    async def receive(self, message: DeliveredMessage) -> None:
        """Take a delivery from the client library."""
        self._waiting.append(_delivery(self.queue, message))
        self._arrived.set()

    async def take(self, limit: int) -> list[Delivery]:
        """See ``Subscription.take``; a batch that is not full comes ``LULL`` after the last one."""
        await self._anything()
        while len(self._waiting) < limit and (early := self._taken + LULL - time.monotonic()) > 0:
            await asyncio.sleep(early)
            await self._anything()
        self._taken = time.monotonic()
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    async def _anything(self) -> None:
        while not self._waiting:
            self.check()
            self._arrived.clear()
            await self._arrived.wait()

    def check(self) -> None:
        """Raise BrokerAway once the consumer is gone."""
        if self._gone:
            raise BrokerAway(f"Nothing comes from {self.queue} any more: {self._gone}")

    def _leave(self, why: str) -> None:
        self._gone = why
        # What was not taken yet goes back to the queue by itself.
        self._waiting.clear()
        self._arrived.set()


class RabbitSubscription:
    """A consumer on a channel of its own."""

    def __init__(
        self,
        channel: Channel,
        queue: str,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
    ) -> None:
        """Consume nothing before ``start``."""
        self._channel = channel
        self._inbox = Inbox(channel, queue)
        self._publish = publish
        self._unsettled: dict[int, None] = {}

    async def start(self, prefetch: int) -> str:
        """Register with the broker; returns the consumer's tag."""
        what = f"consume {self._inbox.queue}"
        await _answer(self._channel.basic_qos(prefetch_count=prefetch), what)
        consuming = self._channel.basic_consume(self._inbox.queue, self._receive)
        consumed = await _answer(consuming, what)
        return str(consumed.consumer_tag)

    async def _receive(self, message: DeliveredMessage) -> None:
        self._unsettled[message.delivery_tag or 0] = None
        await self._inbox.receive(message)

    async def take(self, limit: int) -> list[Delivery]:
        """See ``Subscription.take``."""
        return await self._inbox.take(limit)

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Subscription.ack``."""
        await self._settle(deliveries, self._channel.basic_ack)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Subscription.release``."""
        await self._settle(deliveries, self._channel.basic_nack)

    async def _settle(
        self, deliveries: Sequence[Delivery], settle: Callable[..., Awaitable[None]]
    ) -> None:
        """Settle with as few frames as the order of the tags allows."""
        tags = [each.tag for each in deliveries]
        for tag in tags:
            self._unsettled.pop(tag, None)
        oldest = next(iter(self._unsettled), None)
        together = [tag for tag in tags if oldest is None or tag < oldest]
        try:
            if together:
                await settle(max(together), multiple=True, wait=False)
            for tag in tags:
                if oldest is not None and tag > oldest:
                    await settle(tag, wait=False)
        except GONE as error:
            raise BrokerAway(f"The channel of {self._inbox.queue} is gone: {error!r}") from error

    async def retry(self, delivery: Delivery, step: RetryStep, error: str) -> None:
        """See ``Subscription.retry``."""
        await self._move(delivery, retried_copy(delivery, step, error))

    async def bury(self, delivery: Delivery, reason: str, error: str) -> None:
        """See ``Subscription.bury``."""
        await self._move(delivery, buried_copy(delivery, reason, error))

    async def _move(self, delivery: Delivery, copy: Outgoing) -> None:
        await self._publish([copy])
        await self.ack([delivery])


def _stands(connection: AbstractConnection | None) -> bool:
    """Whether a connection is in use; a lost one is not "closed" before we close it ourselves."""
    return connection is not None and connection.connected.is_set() and not connection.is_closed


async def _publish(channel: Channel, message: Outgoing, now: datetime) -> None:
    await channel.basic_publish(
        message.body,
        exchange=message.exchange,
        routing_key=message.routing_key,
        mandatory=message.mandatory,
        wait=False,
        properties=aiormq.spec.Basic.Properties(
            content_type="application/cloudevents+json",
            headers=dict(message.headers) or None,
            delivery_mode=2,
            correlation_id=message.event_id,
            message_id=f"{_FRESH}-{next(_COUNT)}",
            timestamp=now,
            message_type=message.event_type,
        ),
    )


def _fate(task: "asyncio.Task[None]") -> PublishError | None:
    """What became of a publish: None when the broker has confirmed it."""
    if not task.done():
        task.cancel()
        return NotConfirmed("RabbitMQ did not confirm in time: it may be out of memory or disk")
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is None:
        return None
    if isinstance(error, aiormq.exceptions.PublishError):
        return Unroutable(f"No queue is bound for {getattr(error.message, 'routing_key', '')!r}")
    if isinstance(error, ChannelNotFoundEntity):
        return Unroutable(_reason(error))
    if isinstance(error, DeliveryError):
        return Rejected("RabbitMQ refused the message (nack): a queue is full or has no leader")
    return NotConfirmed(f"RabbitMQ went away before it confirmed: {error!r}")


async def _private_inbox(channel: Channel, keys: Sequence[str]) -> Inbox:
    declared = await channel.queue_declare(exclusive=True, auto_delete=True)
    for key in keys:
        await channel.queue_bind(declared.queue or "", EXCHANGE, key)
    inbox = Inbox(channel, declared.queue or "")
    await channel.basic_consume(inbox.queue, inbox.receive, no_ack=True)
    return inbox


async def _declare(channel: Channel, item: Exchange | Queue | Binding) -> None:
    match item:
        case Exchange(name, kind):
            await channel.exchange_declare(name, exchange_type=kind, durable=True)
        case Queue(name, arguments):
            await channel.queue_declare(name, durable=True, arguments=dict(arguments))
        case Binding(exchange, queue, key):
            with suppress(ChannelNotFoundEntity):
                await channel.queue_bind(queue, exchange, key)


def _delivery(queue: str, message: DeliveredMessage) -> Delivery:
    received: Mapping[str, Any] = message.header.properties.headers or {}
    headers: dict[str, HeaderValue] = {
        name: value for name, value in received.items() if isinstance(value, str | int)
    }
    # RabbitMQ 3.10 names only the first death by itself, which may be a stay on the ladder.
    match received.get("x-death"):
        case [{"queue": where, "reason": why}, *_]:
            headers.setdefault("x-last-death-queue", str(where))
            headers.setdefault("x-last-death-reason", str(why))
    # Before the broker has counted anything, this is what a publisher wrote.
    times = headers.pop("x-delivery-count", 0)
    key = headers.get(ORIGINAL_KEY, message.routing_key or "")
    return Delivery(
        queue=queue,
        routing_key=str(key),
        body=message.body,
        headers=headers,
        event_id=message.header.properties.correlation_id or "",
        deliveries=times if message.redelivered and isinstance(times, int) else 0,
        tag=message.delivery_tag or 0,
    )


def _reason(error: BaseException) -> str:
    """RabbitMQ's own words, which name the argument that differs."""
    return " ".join(str(each) for each in error.args) or repr(error)


async def _answer(
    asked: Awaitable[T],
    what: str,
    *,
    seconds: float = CONNECT_TIMEOUT,
    but: type[BaseException] | tuple[()] = (),
) -> T:
    """What RabbitMQ answers; ``but`` is an answer too.

    Raises:
        BrokerAway: the connection was lost, or there was no answer in time.
    """
    # A task of its own: the library may keep a cancellation to itself, or cancel who asked.
    task = asyncio.ensure_future(asked)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        in_time = task.done()
        task.cancel()
    if not in_time:
        raise BrokerAway(f"RabbitMQ did not answer within {seconds:g} s when asked to {what}")
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is None:
        return task.result()
    # What waits when a connection is cut is rejected with a bare Exception.
    if isinstance(error, but) or not (
        isinstance(error, (*GONE, asyncio.CancelledError)) or type(error) is Exception
    ):
        raise error
    raise BrokerAway(f"RabbitMQ went away when asked to {what}: {error!r}") from error


async def _quietly(leaving: Awaitable[Any]) -> None:
    """Leave something that may be gone already."""
    with suppress(BrokerAway):
        await _answer(leaving, "part", seconds=LEAVE_TIMEOUT)
