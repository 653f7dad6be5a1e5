"""What tests of brokers, and the processes that they start, do with any broker."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from contracts.topology import build, queue_of
from services.runtime.broker import Broker, Delivery, Listener, Outgoing, Subscription
from services.runtime.embedded import EmbeddedBroker
from services.runtime.embedded.broker import LEASE_SECONDS
from services.runtime.rabbitmq import RabbitBroker

TOPOLOGY = build(["simulador"])
KEY = "turn.ready"
QUEUE = queue_of("classifier")
"""The only queue that takes ``KEY``."""
SHARED_KEY = "intent.classified.confident"
SHARED_BY = (queue_of("router"), queue_of("conversations"))
"""The queues that each take a copy of ``SHARED_KEY``."""
UNKNOWN_KEY = "nobody.takes.this"

PATIENCE = 20.0
"""Seconds after which what should come is taken to be lost."""
QUIET = 0.3
"""Seconds in which nothing comes when nothing should."""


def open_broker(address: str, *, lease_seconds: float = LEASE_SECONDS) -> Broker:
    """A broker by its AMQP URL, or by the path of its file."""
    if address.startswith("amqp"):
        return RabbitBroker(address)
    return EmbeddedBroker(Path(address), lease_seconds=lease_seconds)


def message(
    name: str, key: str = KEY, *, body: bytes | None = None, mandatory: bool = True
) -> Outgoing:
    """A message whose event id, and body unless given, is its name."""
    return Outgoing(
        routing_key=key,
        body=name.encode() if body is None else body,
        event_id=name,
        event_type=key,
        mandatory=mandatory,
    )


async def publish(broker: Broker, *names: str, key: str = KEY) -> None:
    """Publish a batch of messages under one key."""
    await broker.publish([message(name, key) for name in names])


async def taken(source: Subscription | Listener, count: int) -> list[Delivery]:
    """So many deliveries, however many takes that needs."""
    deliveries: list[Delivery] = []
    async with asyncio.timeout(PATIENCE):
        while len(deliveries) < count:
            deliveries += await source.take(count - len(deliveries))
    return deliveries


async def nothing_comes(source: Subscription | Listener) -> bool:
    """Whether a consumer gets nothing for a while."""
    try:
        async with asyncio.timeout(QUIET):
            await source.take(1)
    except TimeoutError:
        return True
    return False


async def everything(broker: Broker, queue: str, *, count: int) -> list[str]:
    """The names of all messages that are ready in a queue, taken out of it.

    `count` of them are waited for as long as a busy machine needs, more only for a moment.
    """
    names: list[str] = []
    async with broker.subscribe(queue, prefetch=1000) as subscription:
        while True:
            try:
                async with asyncio.timeout(PATIENCE if len(names) < count else QUIET):
                    deliveries = await subscription.take(1000)
            except TimeoutError:
                return names
            names += names_of(deliveries)
            await subscription.ack(deliveries)


async def becomes(broker: Broker, queue: str, depth: int) -> bool:
    """Whether a queue comes to hold so many ready messages."""

    async def is_so() -> bool:
        return await broker.depth(queue) == depth

    return await comes_true(is_so)


async def comes_true(is_so: Callable[[], Awaitable[bool]], *, patience: float = PATIENCE) -> bool:
    """Whether something is so before patience (seconds) ends."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if await is_so():
            return True
        await asyncio.sleep(0.05)
    return False


def names_of(deliveries: list[Delivery]) -> list[str]:
    """The names that ``message`` was given."""
    return [delivery.event_id for delivery in deliveries]
