"""What a consumer is promised."""

import asyncio

import pytest

from services.runtime.broker import Broker, BrokerAway
from tests.conformance.brokers import (
    QUEUE,
    SHARED_BY,
    SHARED_KEY,
    becomes,
    names_of,
    nothing_comes,
    publish,
    taken,
)
from tests.conformance.conftest import BrokerFactory


async def test_a_waiting_consumer_is_woken_by_a_message(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    publisher = await broker_factory()
    async with broker.subscribe(QUEUE, prefetch=10) as subscription:
        waiting = asyncio.create_task(subscription.take(10))
        await asyncio.sleep(0.1)
        await publish(publisher, "hello")

        async with asyncio.timeout(5):
            deliveries = await waiting
        await subscription.ack(deliveries)
    assert names_of(deliveries) == ["hello"]


async def test_consumers_of_one_queue_share_it(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    names = [f"{at}" for at in range(20)]
    other = await broker_factory()
    async with (
        broker.subscribe(QUEUE, prefetch=10) as one,
        other.subscribe(QUEUE, prefetch=10) as two,
    ):
        await publish(broker, *names)
        halves = await asyncio.gather(taken(one, 10), taken(two, 10))
        await one.ack(halves[0])
        await two.ack(halves[1])

    assert sorted(names_of(halves[0] + halves[1])) == sorted(names)
    assert await broker.depth(QUEUE) == 0


async def test_nobody_holds_more_than_prefetch(broker: Broker) -> None:
    await publish(broker, *(f"{at}" for at in range(10)))
    async with broker.subscribe(QUEUE, prefetch=4) as subscription:
        held = await taken(subscription, 4)
        assert await nothing_comes(subscription)

        await subscription.ack(held[:1])

        more = await taken(subscription, 1)
        assert await nothing_comes(subscription)
    assert names_of(held + more) == ["0", "1", "2", "3", "4"]


async def test_a_take_gives_no_more_than_its_limit(broker: Broker) -> None:
    await publish(broker, *(f"{at}" for at in range(10)))
    async with broker.subscribe(QUEUE, prefetch=10) as subscription:
        async with asyncio.timeout(5):
            takes = [await subscription.take(3) for _ in range(3)]

        assert all(1 <= len(deliveries) <= 3 for deliveries in takes)


async def test_what_is_acked_is_gone(broker: Broker) -> None:
    await publish(broker, "one", "two", "three")
    async with broker.subscribe(QUEUE, prefetch=10) as subscription:
        deliveries = await taken(subscription, 3)
        # Out of order, so that nothing rests on settling all up to a tag.
        await subscription.ack([deliveries[2]])
        await subscription.ack([deliveries[0]])

    async with broker.subscribe(QUEUE, prefetch=10) as subscription:
        (back,) = await taken(subscription, 1)
        assert await nothing_comes(subscription)
        await subscription.ack([back])
    assert back.event_id == "two"


async def test_what_is_released_comes_back_counted(broker: Broker) -> None:
    await publish(broker, "again")
    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        counts = []
        for _ in range(3):
            (delivery,) = await taken(subscription, 1)
            counts.append(delivery.deliveries)
            await subscription.release([delivery])
    assert counts == [0, 1, 2]


async def test_an_ack_of_a_delivery_that_was_released_takes_nothing_away(broker: Broker) -> None:
    await publish(broker, "again")
    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        (first,) = await taken(subscription, 1)
        await subscription.release([first])
        (second,) = await taken(subscription, 1)

        assert (second.event_id, second.deliveries) == ("again", 1)
        assert (second.tag, second.deliveries) != (first.tag, first.deliveries)


async def test_who_leaves_takes_nothing_new_and_gives_back_what_is_unsettled(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    other = await broker_factory()
    await publish(broker, "done", "held")
    async with broker.subscribe(QUEUE, prefetch=10) as subscription:
        done, _ = await taken(subscription, 2)
        await subscription.ack([done])
    await publish(broker, "new")

    assert await becomes(broker, QUEUE, 2)
    async with other.subscribe(QUEUE, prefetch=10) as subscription:
        deliveries = await taken(subscription, 2)
        await subscription.ack(deliveries)
    assert {each.event_id: each.deliveries for each in deliveries} == {"held": 1, "new": 0}


async def test_a_cancelled_take_loses_nothing(broker: Broker) -> None:
    async with broker.subscribe(QUEUE, prefetch=100) as subscription:
        for at in range(20):
            waiting = asyncio.create_task(subscription.take(1))
            await publish(broker, f"{at}")
            waiting.cancel()
            for result in await asyncio.gather(waiting, return_exceptions=True):
                if not isinstance(result, BaseException):
                    await subscription.release(result)

        deliveries = await taken(subscription, 20)
        await subscription.ack(deliveries)
    assert {*names_of(deliveries)} == {f"{at}" for at in range(20)}


async def test_closing_settles_what_was_settled_and_gives_back_the_rest(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    leaving = await broker_factory()
    await publish(broker, "done", "held")
    async with leaving.subscribe(QUEUE, prefetch=10) as subscription:
        done, _ = await taken(subscription, 2)
        waiting = asyncio.create_task(subscription.take(1))
        await subscription.ack([done])
        await leaving.close()

        with pytest.raises(BrokerAway):
            async with asyncio.timeout(5):
                await waiting
        with pytest.raises(BrokerAway):
            await subscription.take(1)

    assert await becomes(broker, QUEUE, 1)
    async with broker.subscribe(QUEUE, prefetch=10) as subscription:
        (back,) = await taken(subscription, 1)
        await subscription.ack([back])
    assert (back.event_id, back.deliveries) == ("held", 1)


async def test_a_closed_broker_says_so_and_connects_anew(broker: Broker) -> None:
    await broker.close()
    with pytest.raises(BrokerAway):
        await publish(broker, "early")

    await broker.connect()

    await publish(broker, "late")
    assert await broker.depth(QUEUE) == 1


async def test_depth_counts_what_is_ready(broker: Broker) -> None:
    await publish(broker, "one", "two", "three", key=SHARED_KEY)
    async with broker.subscribe(SHARED_BY[0], prefetch=2) as subscription:
        await taken(subscription, 2)

        assert await becomes(broker, SHARED_BY[0], 1)
        assert await broker.depth(SHARED_BY[1]) == 3
