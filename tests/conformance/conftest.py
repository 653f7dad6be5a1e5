"""Runs every test of the suite on both brokers."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from services.runtime.broker import Broker
from services.runtime.embedded.broker import LEASE_SECONDS
from tests.conformance.brokers import PATIENCE, TOPOLOGY, open_broker

ROOT = Path(__file__).parents[2]

BrokerFactory = Callable[[], Awaitable[Broker]]


class OtherProcess:
    """A process that runs `tests.conformance.process`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        """What it says next; empty when it is gone."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return (await self._process.stdout.readline()).decode().strip()

    def signal(self, number: int) -> None:
        """Stop it or let it go on."""
        self._process.send_signal(number)

    async def kill(self) -> list[str]:
        """Kill it as a crash would (SIGKILL); returns what it had said and nobody had read."""
        if self._process.returncode is None:
            self._process.kill()
        said, _ = await self._process.communicate()
        return said.decode().split()


ProcessFactory = Callable[..., Awaitable[OtherProcess]]


@pytest.fixture(params=["embedded", "rabbitmq"])
def address(request: pytest.FixtureRequest) -> str:
    """Where a broker is that nobody has used yet: a file's path or an AMQP URL."""
    if request.param == "rabbitmq":
        return str(request.getfixturevalue("vhost_url"))
    return str(request.getfixturevalue("tmp_path") / "home" / "broker.sqlite")


@pytest.fixture
async def broker_factory(address: str) -> AsyncIterator[BrokerFactory]:
    """Call it for one more connection to the broker of this test."""
    opened: list[Broker] = []

    async def one_more() -> Broker:
        opened.append(open_broker(address))
        await opened[-1].connect()
        return opened[-1]

    yield one_more
    for broker in opened:
        await broker.close()


@pytest.fixture
async def broker(broker_factory: BrokerFactory) -> Broker:
    """A connection to a broker on which the whole topology is declared."""
    broker = await broker_factory()
    await broker.declare(TOPOLOGY)
    return broker


@pytest.fixture
async def start(address: str) -> AsyncIterator[ProcessFactory]:
    """Call it with an action and its arguments for another process on the broker of this test."""
    started: list[OtherProcess] = []

    async def one_more(
        action: str, *arguments: str, lease_seconds: float = LEASE_SECONDS
    ) -> OtherProcess:
        command = ("-m", "tests.conformance.process", address, str(lease_seconds), action)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        started.append(OtherProcess(process))
        return started[-1]

    yield one_more
    for process in started:
        await process.kill()
