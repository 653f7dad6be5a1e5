"""Versions in the database are followed: at once after a hint, and without one in time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from contracts.events import SettingsChanged
from services.runtime.broker import Broker
from services.runtime.follower import Follower
from tests.component.runtime.worker import Gone
from tests.conformance.brokers import comes_true, message

NEVER = 3_600.0


class Versions:
    """The numbers as a database would hold them, and whether it is away."""

    def __init__(self) -> None:
        self.numbers = {"settings": 1}
        self.away = False
        self.looks = 0

    async def __call__(self) -> Mapping[str, int]:
        self.looks += 1
        if self.away:
            raise Gone("the database is away")
        return dict(self.numbers)


@asynccontextmanager
async def following(
    broker: Broker, versions: Versions, *, look: float = NEVER
) -> AsyncIterator[Callable[[int], Awaitable[bool]]]:
    """Follow the settings; gives a way to wait for so many refreshes."""
    refreshes = 0

    async def refresh() -> None:
        nonlocal refreshes
        refreshes += 1

    async def refreshed(count: int) -> bool:
        async def is_so() -> bool:
            return refreshes == count

        return await comes_true(is_so)

    stop = asyncio.Event()
    follower = Follower(versions, [("settings", refresh)], broker, (Gone,), look=look)
    running = asyncio.create_task(follower.run(stop))
    yield refreshed
    stop.set()
    await running


async def test_a_hint_makes_it_look_at_once(broker: Broker) -> None:
    versions = Versions()
    async with following(broker, versions) as refreshed:
        assert await refreshed(1)
        versions.numbers["settings"] = 2
        await broker.publish([message("hint", SettingsChanged.TYPE, mandatory=False)])
        assert await refreshed(2)


async def test_a_lost_hint_is_made_up_for(broker: Broker) -> None:
    versions = Versions()
    async with following(broker, versions, look=0.1) as refreshed:
        assert await refreshed(1)
        versions.numbers["settings"] = 2
        assert await refreshed(2)


async def test_a_hint_without_news_refreshes_nothing(broker: Broker) -> None:
    versions = Versions()
    async with following(broker, versions) as refreshed:
        assert await refreshed(1)
        looks = versions.looks
        await broker.publish([message("hint", SettingsChanged.TYPE, mandatory=False)])

        async def looked() -> bool:
            return versions.looks > looks

        assert await comes_true(looked)
        assert await refreshed(1)


async def test_it_looks_again_after_the_broker_or_the_database_was_away(broker: Broker) -> None:
    versions = Versions()
    async with following(broker, versions, look=0.1) as refreshed:
        assert await refreshed(1)
        await broker.close()
        versions.away = True
        versions.numbers["settings"] = 2
        await broker.connect()
        versions.away = False
        assert await refreshed(2)


async def test_queues_wait_no_longer_than_for_a_database_that_is_away_at_the_start(
    broker: Broker,
) -> None:
    versions = Versions()
    versions.away = True
    async with following(broker, versions) as refreshed:

        async def looked() -> bool:
            return versions.looks > 0

        assert await comes_true(looked)
        versions.away = False
        assert await refreshed(1)


async def test_a_callback_that_fails_is_called_again_and_keeps_no_other_from_its_version(
    broker: Broker,
) -> None:
    versions = Versions()
    versions.numbers = {"settings": 1, "model": 1}
    called = {"settings": 0, "model": 0}

    async def settings() -> None:
        called["settings"] += 1
        raise ValueError("one odd row")

    async def model() -> None:
        called["model"] += 1

    follows = [("settings", settings), ("model", model)]
    follower = Follower(versions, follows, broker, (Gone,))
    await follower.look()
    await follower.look()
    assert called == {"settings": 2, "model": 1}
