"""Brings what the student may answer alone from database and settings into this process."""

import asyncio
from collections.abc import Set as AbstractSet

import structlog

from services.learning.certifying.slot import TrustSlot
from services.learning.certifying.trust import trust
from services.retrainer.standing import count_graded, standing_now
from services.retrainer.steering import policy_of
from services.runtime.live import Live
from services.runtime.waiting import pause
from services.storage import catalogue
from services.storage.engine import Database

log = structlog.get_logger(__name__)

EVERY = 60.0
"""Seconds after which the evidence is counted again: it grows without a version that tells so."""


class TrustKeeper:
    """Keeps a process's slot at what settings, catalogue and the newest certificate say."""

    def __init__(
        self, database: Database, live: Live, slot: TrustSlot, *, every: float = EVERY
    ) -> None:
        """``live`` is kept in force by others."""
        self._database = database
        self._live = live
        self._slot = slot
        self._every = every
        self._refreshing = asyncio.Lock()
        self._warned = False
        self._unknown: frozenset[str] = frozenset()

    async def refresh(self) -> None:
        """Read everything, and put it in force; raises DatabaseAway: call again.

        One after the other: what was read before a promotion must not be put in force after it.
        """
        async with self._refreshing:
            await self._refresh()

    async def _refresh(self) -> None:
        settings = self._live.settings
        async with self._database.read() as connection:
            intents = await catalogue.read(connection, active_only=False)
            actions = {each.name: each.action for each in intents if each.active}
            policy = policy_of(settings, actions)
            graded = await count_graded(connection, settings)
            standing = await standing_now(connection, policy, graded)
        before = self._slot.trust
        self._slot.trust = trust(standing, policy, graded)
        self._tell(before.state != self._slot.trust.state)
        self._tell_of_rules({each.name for each in intents})

    async def run(self, stop: asyncio.Event) -> None:
        """Count again every so many seconds, until ``stop``."""
        while not stop.is_set():
            await pause(stop, self._every)
            await self.refresh()

    def _tell(self, changed: bool) -> None:
        given = self._slot.trust
        if changed:
            log.info("trust in force", state=given.state, threshold=given.threshold)
        if given.policy.fixed and not self._warned:
            log.warning(
                "a fixed threshold is in force: nothing proves what it lets through",
                threshold=given.threshold,
                setting="ml_umbral_modo",
            )
        self._warned = given.policy.fixed

    def _tell_of_rules(self, names: AbstractSet[str]) -> None:
        """A rule that names nothing does nothing: mistyped, or in an environment no rename sees."""
        unknown = self._slot.trust.policy.decided - names
        if unknown - self._unknown:
            log.warning(
                "rules name intents that the catalogue does not have",
                intents=sorted(unknown),
                settings="ml_intenciones_siempre_preguntar, ml_intenciones_nunca_preguntar",
            )
        self._unknown = unknown
