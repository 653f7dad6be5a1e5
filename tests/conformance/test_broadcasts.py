"""What those who listen are promised."""

import asyncio

from contracts.events import ModelPromoted
from services.runtime.broker import Broker
from tests.conformance.brokers import (
    KEY,
    QUEUE,
    SHARED_KEY,
    UNKNOWN_KEY,
    everything,
    message,
    names_of,
    nothing_comes,
    publish,
    taken,
)
from tests.conformance.conftest import ProcessFactory

BROADCAST = ModelPromoted.TYPE


async def test_a_broadcast_reaches_every_live_process(
    broker: Broker, start: ProcessFactory
) -> None:
    others = [await start("listen", BROADCAST), await start("listen", BROADCAST)]
    for other in others:
        assert await other.line() == "listening"
    async with broker.listen([BROADCAST]) as listener:
        await broker.publish([message("news", BROADCAST, mandatory=False)])

        heard = names_of(await taken(listener, 1))
        assert [heard, *[[await other.line()] for other in others]] == [["news"]] * 3


async def test_a_broadcast_that_nobody_hears_is_no_error(broker: Broker) -> None:
    await broker.publish([message("news", BROADCAST, mandatory=False)])

    async with broker.listen([BROADCAST]) as listener:
        assert await nothing_comes(listener)


async def test_a_listener_hears_its_keys_alone(broker: Broker) -> None:
    async with broker.listen([BROADCAST, "reply.*"]) as listener:
        batch = [message("other", KEY), message("reply", "reply.sent")]
        await broker.publish([*batch, message("news", BROADCAST)])

        assert names_of(await taken(listener, 2)) == ["reply", "news"]
        assert await nothing_comes(listener)


async def test_a_tap_hears_everything_once_and_takes_nothing_away(broker: Broker) -> None:
    async with broker.listen(["#", "turn.*"]) as tap:
        await publish(broker, "one")
        await publish(broker, "two", key=SHARED_KEY)

        deliveries = await taken(tap, 2)
        assert await nothing_comes(tap)
    assert [(each.event_id, each.routing_key) for each in deliveries] == [
        ("one", KEY),
        ("two", SHARED_KEY),
    ]
    assert await everything(broker, QUEUE, count=1) == ["one"]


async def test_a_listener_that_waits_is_woken(broker: Broker) -> None:
    async with broker.listen([BROADCAST]) as listener:
        waiting = asyncio.create_task(listener.take(10))
        await asyncio.sleep(0.1)
        await broker.publish([message("news", BROADCAST, mandatory=False)])

        async with asyncio.timeout(5):
            assert names_of(await waiting) == ["news"]


async def test_nothing_is_kept_for_a_listener_that_left(broker: Broker) -> None:
    async with broker.listen([UNKNOWN_KEY]):
        await broker.publish([message("heard", UNKNOWN_KEY)])
    await asyncio.sleep(0.1)

    await broker.publish([message("unheard", UNKNOWN_KEY, mandatory=False)])

    async with broker.listen([UNKNOWN_KEY]) as listener:
        assert await nothing_comes(listener)
