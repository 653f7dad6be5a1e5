"""A message that kills whoever handles it is found out, and its neighbours come through."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contracts.topology import BURIED
from services.runtime.broker import REASON, Broker
from tests.component.runtime.worker import CAUSED_BY, caused, turn
from tests.conformance.brokers import QUEUE, comes_true, everything, taken

ROOT = Path(__file__).parents[3]
PATIENCE = 100.0
MODULE = "tests.component.runtime.process"


@asynccontextmanager
async def supervised(*arguments: str) -> AsyncIterator[list[int]]:
    """Start the consumer again whenever it dies; gives the exit codes."""
    codes: list[int] = []

    async def begin() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", MODULE, *arguments, cwd=ROOT
        )

    process = await begin()

    async def keep() -> None:
        nonlocal process
        while True:
            codes.append(await process.wait())
            process = await begin()

    keeping = asyncio.create_task(keep())
    yield codes
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    process.kill()
    await process.wait()


async def test_a_message_that_kills_is_buried_and_twenty_innocents_are_done(
    broker: Broker, address: str
) -> None:
    innocents = [f"innocent-{at}" for at in range(20)]
    names = [*innocents[:7], "poison", *innocents[7:]]
    await broker.publish([turn(name) for name in names])

    async def all_ended() -> bool:
        ends = [await broker.depth(queue) for queue in (BURIED, CAUSED_BY)]
        return ends[0] == 1 and ends[1] >= len(innocents)

    async with supervised(address, "poison") as codes:
        assert await comes_true(all_ended, patience=PATIENCE)
    async with broker.subscribe(BURIED, prefetch=10) as subscription:
        (buried,) = await taken(subscription, 1)
        await subscription.ack([buried])
    assert (buried.event_id, buried.headers[REASON]) == ("poison", "delivered too often")
    assert set(codes) == {-9}
    # A crash after the confirm and before the ack may repeat an event, under the same id.
    assert sorted(set(await everything(broker, CAUSED_BY, count=len(innocents)))) == caused(
        *innocents
    )
    assert await broker.depth(QUEUE) == 0
