"""Forgets settled rows once a day, in small steps."""

import asyncio

import structlog

from services.runtime.live import Live
from services.runtime.waiting import pause
from services.storage import leases, retention
from services.storage.engine import Database

log = structlog.get_logger(__name__)

LEASE = "retention"
DAY = 86_400.0
LOOK_EVERY = 3_600.0
"""Seconds after which it is asked again whether a day has passed."""
_BREATH = 0.1
"""Seconds between two transactions: customers are served first."""


class Pruning:
    """The loop of one process; of all of them one a day does the work."""

    def __init__(self, database: Database, live: Live, breath: float = _BREATH) -> None:
        """``live`` says how long rows are kept."""
        self._database = database
        self._live = live
        self._breath = breath

    async def run(self, stop: asyncio.Event) -> None:
        """Prune daily, until ``stop``."""
        while not stop.is_set():
            if await self._is_due():
                await self.prune(stop)
            await pause(stop, LOOK_EVERY)

    async def prune(self, stop: asyncio.Event) -> dict[str, int]:
        """Forget what is old by now; how many rows of which table."""
        gone = {table: await self._forget(table, stop) for table in retention.RULES}
        if any(gone.values()):
            log.info("settled rows forgotten", days=self._live.settings.retencion_dias, **gone)
        if gone.get("outbox"):
            log.error("events were never published and are given up", events=gone["outbox"])
        return gone

    async def _forget(self, table: str, stop: asyncio.Event) -> int:
        total, gone = 0, 1
        while gone and not stop.is_set():
            async with self._database.begin() as connection:
                days = self._live.settings.retencion_dias
                gone = await retention.forget(connection, table, days)
            total += gone
            await pause(stop, self._breath)
        return total

    async def _is_due(self) -> bool:
        # Never given back: whoever takes it keeps the others, and the next start, away for a day.
        async with self._database.begin() as connection:
            return await leases.acquire(connection, LEASE, leases.this_process(), DAY) is not None
