"""Releases turns whose window has closed, and gives up those whose deadline has passed."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from services.conversations.counts import Counts
from services.conversations.mentions import Mentions
from services.conversations.store import locked_picture
from services.runtime.process import Frame
from services.storage import turns
from services.storage.engine import Database

LOOK_EVERY = timedelta(seconds=1)
"""The longest sleep: turns of other processes, which may have died, are found by looking."""
BATCH = 64
"""Conversations in one transaction."""


class Releasing:
    """A clock for turns. Several processes may run one each: the locks let one of them act."""

    def __init__(self, frame: Frame, database: Database, counts: Counts) -> None:
        """Keep the parts; the first look comes with ``run``."""
        self._frame = frame
        self._database = database
        self._counts = counts
        self._next = datetime.now(UTC)
        self._sooner = asyncio.Event()

    def expect(self, moments: Iterable[datetime]) -> None:
        """Say when turns that were just committed will want to be looked at."""
        earliest = min(moments, default=self._next)
        if earliest < self._next:
            self._next = earliest
            self._sooner.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep time until ``stop``; turns outlive everything else."""
        while not stop.is_set():
            self._next = datetime.now(UTC) + LOOK_EVERY
            self._sooner.clear()
            self.expect(await self.release_due())
            await self._sleep(stop)

    async def release_due(self) -> Sequence[datetime]:
        """Do what is due now; returns the moments when more will be.

        Raises:
            DatabaseAway: nothing was done; what is due stays so.
        """
        async with self._database.read() as transaction:
            found = await turns.next_due(transaction, BATCH)
        now = datetime.now(UTC)
        ready = {each.conversation.id: each.conversation for each in found if each.at <= now}
        if ready:
            await self._release(Mentions(conversations=ready))
        # A full look may hide more that is due: look again at once.
        return [now] if len(ready) >= BATCH else [each.at for each in found if each.at > now]

    async def _release(self, found: Mentions) -> None:
        async with locked_picture(self._database, found, self._frame.live.settings) as (picture, _):
            pass
        self._counts.add(picture)
        self.expect(picture.next_moments())
        if picture.released():
            self._frame.wake_outbox()

    async def _sleep(self, stop: asyncio.Event) -> None:
        """Until the next moment; a nearer one that is expected meanwhile shortens the sleep."""
        stopping = asyncio.ensure_future(stop.wait())
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            while not stop.is_set():
                left = (self._next - datetime.now(UTC)).total_seconds()
                # A clock that was put back makes it far: what is due is looked for all the same.
                if left <= 0 or clock() - began >= LOOK_EVERY.total_seconds():
                    return
                sooner = asyncio.ensure_future(self._sooner.wait())
                await asyncio.wait(
                    {stopping, sooner},
                    timeout=min(left, LOOK_EVERY.total_seconds()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                sooner.cancel()
                self._sooner.clear()
        finally:
            stopping.cancel()
