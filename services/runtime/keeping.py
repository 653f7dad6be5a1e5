"""Background work that goes on through outages and through faults of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from services.runtime.policy import Errors
from services.runtime.waiting import pause, until_late

log = structlog.get_logger(__name__)

AGAIN = 1.0
"""Seconds until work that lost its database or broker is begun again."""
AFTER_FAULT = 5.0
"""Seconds until work that failed in a way nobody foresaw is begun again."""

GRACE = 20.0
"""Seconds that work has to end by itself when the process is asked to stop."""

Background = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


class Kept:
    """One piece of background work, begun again whenever it fails.

    Attributes:
        name: what it is called in ``/readyz``.
    """

    def __init__(self, run: Background, away: Errors, *, grace: float = GRACE) -> None:
        """``away`` are the errors that pass by waiting."""
        self.name = getattr(run, "__qualname__", repr(run))
        self._run = run
        self._away = away
        self._grace = grace
        self._problem: str | None = None

    async def ask(self) -> str | None:
        """Why it does not work now, for ``/readyz``."""
        return self._problem

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it going until it ends by itself or ``stop`` is set."""
        ended = False
        while not (ended or stop.is_set()):
            self._problem = None
            try:
                # A database that stands still would hold it longer than a supervisor waits.
                await until_late(stop, self._run(stop), self._grace)
                ended = True
            except self._away as error:
                log.warning("background work waits", work=self.name, why=str(error))
                await pause(stop, AGAIN)
            except Exception as error:
                # One odd row must not end a shop that nobody watches over.
                log.exception("background work failed and is begun again", work=self.name)
                self._problem = f"failed and is begun again: {error!r}"
                await pause(stop, AFTER_FAULT)
