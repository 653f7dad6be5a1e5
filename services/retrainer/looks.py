"""Looks at the evidence whenever enough of it is new, and puts what it shows in force."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import structlog

from services.learning.certifying.certificate import Look
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.graded import as_evidence
from services.learning.certifying.looking import alarm_if_due, follow_raised_target, look_if_due
from services.learning.certifying.shown import show
from services.learning.certifying.trust import GradedCount, Policy, Standing, trust
from services.retrainer.leased import leased
from services.retrainer.standing import (
    after_choice,
    count_graded,
    put_by_hand,
    put_in_force,
    standing_of,
)
from services.retrainer.steering import Steering
from services.retrainer.trust_metrics import TrustMetrics
from services.runtime.waiting import woken
from services.storage import catalogue, certificates, evidence, intents, leases, models
from services.storage.engine import Database, Transaction
from services.storage.errors import LeaseLost
from services.storage.evidence import Row

log = structlog.get_logger(__name__)

LEASE = "certificate"
LEASE_SECONDS = 30.0
LOOK_EVERY = 60.0
"""Seconds after which the evidence is counted without being woken."""


@dataclass(frozen=True)
class Glance:
    """What a look needs: the operator's rules, the evidence of the window, what stands so far."""

    policy: Policy
    rows: list[Row]
    evidence: list[Evidence]
    """What the rows show under the operator's rules."""
    graded: GradedCount
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
        return put_by_hand(self.version, self.stands_for)


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
        """Say that there may be something to see: evidence, or another model in force."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever it is due, until ``stop``."""
        while not stop.is_set():
            self._woken.clear()
            await self.look()
            await woken(stop, self._woken, LOOK_EVERY)

    async def look(self) -> Look | None:
        """Look if it is due and nobody else does; what it shows is in force when this returns."""
        if change(await self._tell()) is None:
            return None
        async with leased(self._database, LEASE, self._holder, LEASE_SECONDS) as lease:
            if lease is None:
                return None
            try:
                async with self._database.begin() as connection:
                    await leases.confirm(connection, lease)
                    # Read again: whoever held the lease until now may have looked.
                    look = await self._act(connection)
            except LeaseLost as error:
                log.warning("look given up", why=str(error))
                return None
        await self._tell()
        return look

    async def _tell(self) -> Glance:
        """Read how things stand, for the metrics too."""
        async with self._database.read() as connection:
            glance = await self._glance(connection)
        given = trust(glance.standing, glance.policy, glance.graded)
        shown = show(glance.evidence, given.threshold, glance.policy.delta)
        self._metrics.tell(glance.standing, given, shown, glance.version)
        return glance

    async def _act(self, transaction: Transaction) -> Look | None:
        await certificates.to_replace(transaction)  # read below, with all else
        glance = await self._glance(transaction)
        found = change(glance)
        if found is None:
            return None
        newest = glance.rows[-1].id if glance.rows else glance.last_seen
        by_evidence = found.cause in (certificates.LOOK, certificates.ALARM)
        await put_in_force(
            transaction,
            found.standing,
            glance.policy,
            glance.graded,
            model_version=glance.version,
            cause=found.cause,
            look=found.look,
            seen_up_to=newest if by_evidence else None,
        )
        self._wake_outbox()
        if found.look is not None:
            seen = found.look
            log.info("looked at the evidence", state=seen.state, why=seen.why, look=seen.number)
        elif found.cause == certificates.ALARM:
            log.warning("the student is no longer what it was", why=found.standing.why)
        return found.look

    async def _glance(self, transaction: Transaction) -> Glance:
        settings = self._steering.settings()
        rows = await evidence.window(transaction, *settings.evidence_window)
        first = await evidence.oldest(transaction, *settings.evidence_window)
        actions = {each.name: each.action for each in await catalogue.read(transaction)}
        newest = await certificates.newest(transaction)
        version = await models.alias(transaction, models.CHAMPION)
        policy = replace(self._steering.policy_without_catalogue, catalogue=actions)
        standing = standing_of(newest)
        if newest and newest.created_at:
            names = standing.kept_out
            today = await intents.called_today(transaction, names, newest.created_at)
            standing = replace(standing, kept_out=frozenset(today.get(n, n) for n in names))
        return Glance(
            policy=policy,
            rows=rows,
            evidence=[as_evidence(row, policy) for row in rows],
            graded=await count_graded(transaction, settings),
            standing=standing,
            last_seen=await certificates.last_look(transaction),
            # Looks whose rows have all left the window were looks at other evidence.
            number=1 + await certificates.looks_since(transaction, first),
            version=version,
            stands_for=newest.model_version if newest else None,
            provisional=await certificates.provisional_for(transaction, version, policy.target),
        )


class Change(NamedTuple):
    """What a glance leads to: another standing, what caused it, and the look if it was one."""

    standing: Standing
    cause: str
    look: Look | None = None


def change(glance: Glance) -> Change | None:
    """What is to be put in force; None: all stays as it is."""
    evidence, policy, graded = glance.evidence, glance.policy, glance.graded
    if glance.by_hand:
        renewed = after_choice(glance.standing, glance.provisional, policy, graded)
        return Change(renewed, certificates.PROMOTION)
    if refuted := alarm_if_due(evidence, glance.standing, policy, graded):
        return Change(refuted, certificates.ALARM)
    fresh = sum(row.id > glance.last_seen for row in glance.rows)
    if found := look_if_due(
        evidence, glance.standing, policy, graded, fresh=fresh, number=glance.number
    ):
        look, standing = found
        return Change(standing, certificates.LOOK, look)
    if raised := follow_raised_target(evidence, glance.standing, policy, graded):
        return Change(raised, certificates.TARGET)
    return None
