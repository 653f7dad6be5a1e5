"""Follows the version numbers in the database: hints over the broker, the truth by reading."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from contracts.topology import BROADCASTS
from services.runtime.broker import Broker, BrokerAway, Listener
from services.runtime.policy import Errors
from services.runtime.waiting import dismiss, pause

log = structlog.get_logger(__name__)

LOOK_EVERY = 10.0
"""Seconds after which the versions are read without any hint."""
AGAIN = 1.0
"""Seconds until the next try while the broker is away, or nothing was read yet: queues wait."""

Versions = Callable[[], Awaitable[Mapping[str, int]]]
Callback = Callable[[], Awaitable[None]]


class Follower:
    """Calls whoever follows a version once it has moved; a failed call is made again.

    Attributes:
        looked: set once all versions were read and followed, or tried to be, for the first time.
    """

    def __init__(
        self,
        versions: Versions,
        follows: Sequence[tuple[str, Callback]],
        broker: Broker,
        away: Errors,
        *,
        look: float = LOOK_EVERY,
    ) -> None:
        """``follows`` pairs a version's name with what is to be done when it has moved."""
        self.looked = asyncio.Event()
        self._versions = versions
        self._follows = follows
        self._broker = broker
        self._away = away
        self._look_every = look
        self._seen: list[int | None] = [None] * len(follows)

    async def look(self) -> None:
        """Read the versions and call those that have moved."""
        versions = await self._versions()
        for place, (name, callback) in enumerate(self._follows):
            version = versions.get(name, 0)
            if self._seen[place] != version and await self._call(name, callback):
                self._seen[place] = version
        self.looked.set()

    async def _call(self, name: str, callback: Callback) -> bool:
        """Whether it is done. A fault of one must not keep the others from their versions."""
        try:
            await callback()
        except self._away:
            raise
        except Exception:
            log.exception("a version was not followed; it is tried again", version=name)
            return False
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until ``stop``: after each hint, each reconnect, and every ten seconds."""
        while not stop.is_set():
            try:
                async with self._broker.listen(BROADCASTS) as listener:
                    await self._follow(listener, stop)
            except BrokerAway:
                await self._look_safely()
                await pause(stop, AGAIN)

    async def _follow(self, listener: Listener, stop: asyncio.Event) -> None:
        stopping = asyncio.ensure_future(stop.wait())
        hint = asyncio.ensure_future(listener.take(100))
        try:
            while not stop.is_set():
                await self._look_safely()
                both = {stopping, hint}
                wait = self._look_every if self.looked.is_set() else AGAIN
                await asyncio.wait(both, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                if hint.done():
                    hint.result()
                    hint = asyncio.ensure_future(listener.take(100))
        finally:
            await dismiss(stopping, hint)

    async def _look_safely(self) -> None:
        try:
            await self.look()
        except self._away as error:
            log.warning("versions cannot be read", why=str(error))
