"""Keeps a process connected to its broker, whether it consumes anything or not."""

import asyncio

import structlog

from contracts.topology import BURIED, Topology
from services.runtime.broker import Broker, BrokerAway, TopologyMismatch
from services.runtime.waiting import pause, until_stop

log = structlog.get_logger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two signs of life that are asked of the broker."""


class Link:
    """The way to the broker: connected, and with the whole topology there.

    Attributes:
        problem: what keeps the process from its broker, or None.
    """

    def __init__(self, broker: Broker, topology: Topology) -> None:
        """Keep the parts; nothing is opened before ``reach``."""
        self.problem: str | None = "not connected yet"
        self._broker = broker
        self._topology = topology

    async def ask(self) -> str | None:
        """The problem, as a probe says it."""
        return self.problem

    async def reach(self) -> None:
        """Connect unless connected, and declare everything.

        Raises:
            BrokerAway: nobody answers.
            TopologyMismatch: something is there with other arguments; all the rest is declared.
        """
        await self._broker.connect()
        await self._broker.declare(self._topology)

    async def run(self, stop: asyncio.Event) -> None:
        """Look after the connection until ``stop``."""
        while not stop.is_set():
            await until_stop(stop, self._look())
            await pause(stop, LOOK_EVERY)

    async def _look(self) -> None:
        try:
            await self._broker.connect()
            if not await self._is_declared():
                await self.reach()
        except TopologyMismatch as error:
            log.warning("the topology differs", why=str(error))
        except BrokerAway as error:
            self.problem = str(error)
            return
        self.problem = None

    async def _is_declared(self) -> bool:
        try:
            await self._broker.depth(BURIED)
        except TopologyMismatch:
            return False
        return True
