"""What becomes of a message that fails."""

import asyncio
import time

from contracts.topology import BURIED, LADDER
from services.runtime.broker import (
    ERROR,
    MAX_ERROR,
    ORIGINAL_KEY,
    REASON,
    SOURCE_QUEUE,
    Broker,
)
from tests.conformance.brokers import SHARED_BY, SHARED_KEY, everything, message, publish, taken

STEP = LADDER[0]


async def test_a_retry_returns_to_its_own_queue_alone_counted_and_not_early(broker: Broker) -> None:
    source, neighbour = SHARED_BY
    body = bytes(range(256))
    await broker.publish([message("again", SHARED_KEY, body=body)])
    assert await everything(broker, neighbour, count=1) == ["again"]
    async with broker.subscribe(source, prefetch=1) as subscription:
        (first,) = await taken(subscription, 1)
        before = time.monotonic()
        await subscription.retry(first, STEP, "the shop's table is locked")
        (second,) = await taken(subscription, 1)
        waited = time.monotonic() - before
        await subscription.ack([second])

    assert STEP.delay.total_seconds() <= waited < STEP.delay.total_seconds() + 3
    assert (second.attempt, second.routing_key, second.queue) == (1, SHARED_KEY, source)
    assert (second.body, second.event_id) == (body, "again")
    assert await everything(broker, neighbour, count=0) == []


async def test_several_retries_are_counted_and_keep_the_first_key(broker: Broker) -> None:
    """The second stay is read on the ladder itself, which saves its wait."""
    source = SHARED_BY[0]
    await publish(broker, "again", key=SHARED_KEY)
    async with broker.subscribe(source, prefetch=1) as subscription:
        (delivery,) = await taken(subscription, 1)
        await subscription.retry(delivery, LADDER[1], "first")
        async with broker.subscribe(LADDER[1].name, prefetch=1) as waiting:
            (once,) = await taken(waiting, 1)
            await waiting.retry(once, LADDER[2], "second")
        async with broker.subscribe(LADDER[2].name, prefetch=1) as waiting:
            (twice,) = await taken(waiting, 1)
            await waiting.ack([twice])

    assert [once.attempt, twice.attempt] == [1, 2]
    assert (once.routing_key, twice.routing_key) == (SHARED_KEY, SHARED_KEY)
    assert [once.headers[ERROR], twice.headers[ERROR]] == ["first", "second"]


async def test_a_buried_message_is_kept_with_reason_queue_attempts_and_error(
    broker: Broker,
) -> None:
    source = SHARED_BY[0]
    await broker.publish([message("bad", SHARED_KEY, body=b"\xff\x00")])
    async with broker.subscribe(source, prefetch=1) as subscription:
        (delivery,) = await taken(subscription, 1)
        await subscription.retry(delivery, LADDER[1], "may pass")
    async with broker.subscribe(LADDER[1].name, prefetch=1) as waiting:
        (retried,) = await taken(waiting, 1)
        await waiting.bury(retried, "undecodable", "ñandú 🦙\nno es JSON")

    async with broker.subscribe(BURIED, prefetch=1) as subscription:
        (buried,) = await taken(subscription, 1)
        await subscription.ack([buried])
    assert (buried.body, buried.event_id) == (b"\xff\x00", "bad")
    assert (buried.attempt, buried.routing_key) == (1, SHARED_KEY)
    kept = {name: buried.headers[name] for name in (REASON, SOURCE_QUEUE, ERROR, ORIGINAL_KEY)}
    assert kept == {
        REASON: "undecodable",
        SOURCE_QUEUE: LADDER[1].name,
        ERROR: "ñandú 🦙\nno es JSON",
        ORIGINAL_KEY: SHARED_KEY,
    }
    assert await broker.depth(LADDER[1].name) == 0


async def test_a_long_error_is_cut(broker: Broker) -> None:
    await publish(broker, "bad", key=SHARED_KEY)
    async with broker.subscribe(SHARED_BY[0], prefetch=1) as subscription:
        (delivery,) = await taken(subscription, 1)
        await subscription.bury(delivery, "never", "🦙" * (MAX_ERROR + 1))

    async with broker.subscribe(BURIED, prefetch=1) as subscription:
        (buried,) = await taken(subscription, 1)
        await subscription.ack([buried])
    assert buried.headers[ERROR] == "🦙" * MAX_ERROR


async def test_what_was_retried_or_buried_makes_room_for_more(broker: Broker) -> None:
    await publish(broker, "one", "two", "three", key=SHARED_KEY)
    async with broker.subscribe(SHARED_BY[0], prefetch=2) as subscription:
        one, two = await taken(subscription, 2)
        await asyncio.gather(
            subscription.retry(one, LADDER[2], "may pass"),
            subscription.bury(two, "never", "bad"),
        )

        (three,) = await taken(subscription, 1)
        await subscription.ack([three])
    assert three.event_id == "three"
    assert await broker.depth(SHARED_BY[0]) == 0
