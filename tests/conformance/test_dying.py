"""What is promised across processes, and when they are killed."""

import asyncio
import time

import pytest

from services.runtime.broker import Broker
from tests.conformance.brokers import QUEUE, QUIET, becomes, everything, publish, taken
from tests.conformance.conftest import BrokerFactory, ProcessFactory

WITHIN = {"embedded": 15.0, "rabbitmq": 3.0}
"""Seconds in which the message of a dead consumer is somebody else's."""


async def test_what_a_killed_consumer_had_comes_back_counted(
    broker: Broker, start: ProcessFactory, request: pytest.FixtureRequest
) -> None:
    await publish(broker, "held")
    process = await start("hold", "60")
    assert await process.line() == "holding"
    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        await process.kill()
        killed = time.monotonic()
        (delivery,) = await taken(subscription, 1)
        await subscription.ack([delivery])

    broker_name = request.node.callspec.params["address"]
    assert time.monotonic() - killed < WITHIN[broker_name]
    assert (delivery.event_id, delivery.deliveries) == ("held", 1)


async def test_what_was_confirmed_is_there_after_its_publisher_was_killed(
    broker: Broker, start: ProcessFactory
) -> None:
    names = [f"{at}" for at in range(50)]
    process = await start("publish_and_die", *names)
    assert await process.line() == ""

    assert await everything(broker, QUEUE, count=len(names)) == names


async def test_what_was_confirmed_is_there_when_nobody_had_the_broker_open(
    broker: Broker, broker_factory: BrokerFactory, start: ProcessFactory
) -> None:
    await broker.close()
    process = await start("publish_and_die", "alone")
    assert await process.line() == ""

    assert await everything(await broker_factory(), QUEUE, count=1) == ["alone"]


async def test_processes_share_a_queue(broker: Broker, start: ProcessFactory) -> None:
    consumers = [await start("hold", "0"), await start("hold", "0")]

    await publish(broker, "one", "two")

    for consumer in consumers:
        assert await consumer.line() == "holding"
        assert await consumer.line() == "acked"
    assert await broker.depth(QUEUE) == 0


async def test_no_two_processes_get_the_same_message(broker: Broker, start: ProcessFactory) -> None:
    names = [f"{at}" for at in range(200)]
    consumers = [await start("consume"), await start("consume")]
    for consumer in consumers:
        assert await consumer.line() == "consuming"

    await publish(broker, *names)

    assert await becomes(broker, QUEUE, 0)
    await asyncio.sleep(QUIET)
    heard = [name for consumer in consumers for name in await consumer.kill()]
    assert sorted(heard) == sorted(names)


async def test_processes_publish_at_the_same_time_and_nothing_is_lost(
    broker: Broker, start: ProcessFactory
) -> None:
    publishers = [await start("publish_many", f"{at}", "20") for at in range(3)]
    for publisher in publishers:
        assert await publisher.line() == "published"

    names = [f"{at}-{batch}-{n}" for at in range(3) for batch in range(20) for n in range(10)]
    assert sorted(await everything(broker, QUEUE, count=len(names))) == sorted(names)
