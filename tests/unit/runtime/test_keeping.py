"""Background work goes on through outages and through faults of its own."""

import asyncio

import pytest

from services.runtime import keeping
from services.runtime.broker import BrokerAway
from services.runtime.keeping import Kept
from tests.conformance.brokers import comes_true


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AGAIN", 0.01)
    monkeypatch.setattr(keeping, "AFTER_FAULT", 0.05)


async def test_work_is_begun_again_after_an_outage_and_after_a_fault() -> None:
    ends = [BrokerAway("away"), ValueError("one odd row"), None]

    async def work(_: asyncio.Event) -> None:
        if end := ends.pop(0):
            raise end

    await Kept(work, (BrokerAway,)).run(asyncio.Event())
    assert ends == []


async def test_readiness_says_what_failed_until_the_work_goes_on() -> None:
    fails = True
    stop = asyncio.Event()

    async def work(until: asyncio.Event) -> None:
        if fails:
            raise ValueError("one odd row")
        await until.wait()

    kept = Kept(work, (BrokerAway,))
    running = asyncio.create_task(kept.run(stop))

    async def failing() -> bool:
        return "one odd row" in (await kept.ask() or "")

    async def going_on() -> bool:
        return await kept.ask() is None

    assert await comes_true(failing)
    fails = False
    assert await comes_true(going_on)
    stop.set()
    await running


async def test_a_request_to_stop_is_heard_while_work_waits() -> None:
    stop = asyncio.Event()

    async def work(_: asyncio.Event) -> None:
        stop.set()
        raise BrokerAway("away")

    async with asyncio.timeout(5):
        await Kept(work, (BrokerAway,)).run(stop)


async def test_work_that_hangs_is_ended_a_while_after_the_request_to_stop() -> None:
    stop, hangs = asyncio.Event(), asyncio.Event()

    async def work(_: asyncio.Event) -> None:
        stop.set()
        await hangs.wait()

    async with asyncio.timeout(5):
        await Kept(work, (BrokerAway,), grace=0.05).run(stop)


async def test_work_that_ends_in_time_is_not_cut_short() -> None:
    stop, ended = asyncio.Event(), False

    async def work(until: asyncio.Event) -> None:
        nonlocal ended
        until.set()
        await asyncio.sleep(0.05)
        ended = True

    await Kept(work, (BrokerAway,), grace=20).run(stop)
    assert ended
