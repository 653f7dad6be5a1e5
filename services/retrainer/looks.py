"""Looks at the evidence whenever enough of it is new, and puts what it shows in force."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.learning.certifying.certificate import Look
from services.learning.certifying.looking import look_if_due
from services.learning.certifying.shown import show
from services.learning.certifying.trust import (
    Graded,
    Policy,
    Standing,
    after_promotion,
    trust,
)
from services.retrainer.standing import as_evidence, graded_turns, put_in_force, standing_of
from services.retrainer.steering import Steering
from services.retrainer.trust_metrics import TrustMetrics
from services.storage import certificates, evidence, leases, models
from services.storage.conversations import Transaction
from services.storage.engine import Database
from services.storage.errors import LeaseLost
from services.storage.evidence import Row

log = structlog.get_logger(__name__)

LEASE = "certificate"
LEASE_SECONDS = 30.0
LOOK = 60.0
"""Seconds after which the evidence is counted without being woken."""


@dataclass(frozen=True)
class Glance:
    """What a look needs: the evidence of the window, and what stands so far."""

    rows: list[Row]
    graded: Graded
    standing: Standing
    last_seen: int
    number: int
    version: str | None
    """The model in force."""
    stands_for: str | None
    """The model that the standing is of; None: nothing was decided yet."""
    provisional: float | None
    """What was last chosen for the model in force."""

    @property
    def by_hand(self) -> bool:
        """Whether a person has put another model in force than the one that the standing is of."""
        return None not in (self.version, self.stands_for) and self.version != self.stands_for


class Looks:
    """The loop that looks; of several retrainers the one with the lease does."""

    def __init__(
        self,
        database: Database,
        holder: str,
        steering: Steering,
        wake_outbox: Callable[[], None],
        metrics: TrustMetrics,
    ) -> None:
        """``holder`` names this process for the lease."""
        self._metrics = metrics
        self._database = database
        self._holder = holder
        self._steering = steering
        self._wake_outbox = wake_outbox
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that evidence was just stored."""
        self._woken.set()

    async def follow(self) -> None:
        """Another model is in force: see whether the standing is of that one."""
        self.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever it is due, until ``stop``."""
        while not stop.is_set():
            self._woken.clear()
            await self.look()
            tasks = [asyncio.ensure_future(event.wait()) for event in (stop, self._woken)]
            await asyncio.wait(tasks, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()

    async def look(self) -> Look | None:
        """Look if it is due and nobody else does; what it shows is in force when this returns."""
        policy = self._steering.policy
        async with self._database.read() as connection:
            glance = await self._glance(connection)
        self._tell(glance, policy)
        if _seen(glance, policy) is None and not glance.by_hand:
            return None
        async with self._database.begin() as connection:
            lease = await leases.acquire(connection, LEASE, self._holder, LEASE_SECONDS)
        if lease is None:
            return None
        try:
            async with self._database.begin() as connection:
                await leases.confirm(connection, lease)
                # Read again: whoever held the lease until now may have looked.
                return await self._act(connection, policy)
        except LeaseLost as error:
            log.warning("look given up", why=str(error))
            return None
        finally:
            async with self._database.begin() as connection:
                await leases.release(connection, lease)

    def _tell(self, glance: Glance, policy: Policy) -> None:
        given = trust(glance.standing, policy, glance.graded)
        rows = [as_evidence(row) for row in glance.rows]
        self._metrics.tell(given, show(rows, given.threshold, policy.delta), glance.version)

    async def _act(self, transaction: Transaction, policy: Policy) -> Look | None:
        glance = await self._glance(transaction)
        if glance.by_hand:
            await self._renew(transaction, glance, policy)
            return None
        found = _seen(glance, policy)
        if found is None:
            return None
        seen, standing = found
        newest = glance.rows[-1].id if glance.rows else glance.last_seen
        await put_in_force(
            transaction, standing, policy, glance.graded, version=glance.version,
            seen=(seen, newest),
        )  # fmt: skip
        self._wake_outbox()
        log.info("looked at the evidence", state=seen.state, why=seen.why, look=seen.number)
        return seen

    async def _renew(self, transaction: Transaction, glance: Glance, policy: Policy) -> None:
        """Let the standing be of the model that a person has put in force.

        Its own provisional threshold counts; where none is known, the one in force is kept.
        """
        chosen = glance.provisional or glance.standing.provisional or policy.threshold
        renewed = after_promotion(glance.standing, chosen, policy, glance.graded)
        await put_in_force(transaction, renewed, policy, glance.graded, version=glance.version)
        self._wake_outbox()

    async def _glance(self, transaction: Transaction) -> Glance:
        settings = self._steering.settings()
        rows = await evidence.window(
            transaction, settings.ml_evidencia_dias, settings.ml_evidencia_filas
        )
        first = rows[0].id if rows else 0
        newest = await certificates.newest(transaction)
        version = await models.alias(transaction, models.CHAMPION)
        return Glance(
            rows=rows,
            graded=await graded_turns(transaction, settings),
            standing=standing_of(newest),
            last_seen=await certificates.last_look(transaction),
            # Looks whose rows have all left the window were looks at other evidence.
            number=1 + await certificates.looks_since(transaction, first),
            version=version,
            stands_for=newest.model_version if newest else None,
            provisional=await certificates.chosen_for(transaction, version),
        )


def _seen(glance: Glance, policy: Policy) -> tuple[Look, Standing] | None:
    """The look and what stands after it, if it is due and there is something to test."""
    fresh = sum(row.id > glance.last_seen for row in glance.rows)
    rows = [as_evidence(row) for row in glance.rows]
    return look_if_due(rows, fresh, glance.number, glance.standing, policy, glance.graded.ever)
