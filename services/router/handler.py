"""Takes turns that the student is sure of: looks up, lets the actions decide, claims, answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from prometheus_client import Counter

from services.router.act import act, case_of, needs_of
from services.router.case import Case, Escalate, Found, Handoff, Outcome, Shop
from services.router.catalogue import CatalogueInForce
from services.router.claiming import NAME, Cause, Events, answered, claim_answers
from services.router.events import escalated, handoff_requested, reply_requested
from services.router.lookups import Read, read
from services.runtime.batch import Result
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.storage.engine import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Router:
    """Acts with the catalogue and the settings that are in force when a batch begins."""

    live: Live
    database: Database
    catalogue: CatalogueInForce
    metrics: Metrics
    outcomes: Counter
    """By outcome: reply, handoff, escalate."""

    async def handle(self, batch: Sequence[Cause]) -> Sequence[Result]:
        """For each turn its answer, or the turn for the teacher, or nothing if it has one."""
        shop = _shop(self.live.settings)
        catalogue = await self.catalogue.current()
        cases = [case_of(envelope.data, catalogue, shop) for envelope in batch]
        needs = [needs_of(case) for case in cases if isinstance(case, Case)]
        turn_ids = {envelope.data.turn.turn_id for envelope in batch}
        known = await read(self.database, turn_ids, needs)
        outcomes = [_outcome(case, known.found) for case in cases]
        return await self._settle(batch, outcomes, known)

    async def _settle(
        self, batch: Sequence[Cause], outcomes: Sequence[Outcome], known: Read
    ) -> Sequence[Result]:
        before = [
            _said_before(envelope, outcome, known)
            for envelope, outcome in zip(batch, outcomes, strict=True)
        ]
        events = [
            _new_events(envelope, outcome) if earlier is None else earlier
            for envelope, outcome, earlier in zip(batch, outcomes, before, strict=True)
        ]
        wanted = [
            place
            for place, outcome in enumerate(outcomes)
            if before[place] is None and not isinstance(outcome, Escalate)
        ]
        won = await claim_answers(self.database, [(batch[at], events[at]) for at in wanted])
        for place, own in zip(wanted, won, strict=True):
            events[place] = own
        self._count(batch, outcomes, before, events)
        return events

    def _count(
        self,
        batch: Sequence[Cause],
        outcomes: Sequence[Outcome],
        before: Sequence[Events | None],
        events: Sequence[Events],
    ) -> None:
        for place, outcome in enumerate(outcomes):
            if not events[place]:
                self.metrics.repeats.labels(NAME, "claimed").inc()
            elif before[place] is None:
                self.outcomes.labels(type(outcome).__name__.lower()).inc()
                _tell(batch[place].data.intent, outcome)


def _shop(settings: LiveSettings) -> Shop:
    return Shop(
        name=settings.negocio_nombre,
        hours=settings.negocio_horario,
        address=settings.negocio_direccion,
        currency=settings.negocio_moneda,
    )


def _outcome(case: Case | Escalate, found: Found) -> Outcome:
    return act(replace(case, found=found)) if isinstance(case, Case) else case


def _said_before(envelope: Cause, outcome: Outcome, known: Read) -> Events | None:
    """What was said to the turn; nothing more is, once a person of the shop has spoken to it."""
    # What goes to the teacher is left to its own look: a drawn turn is graded all the same.
    if envelope.data.turn.turn_id in known.taken_over and not isinstance(outcome, Escalate):
        return ()
    return answered(envelope, known.claims)


def _new_events(envelope: Cause, outcome: Outcome) -> Events:
    event = envelope.data
    match outcome:
        case Escalate():
            return [escalated(event)]
        case Handoff():
            reply = reply_requested(event.turn, event.intent, outcome)
            return [reply, handoff_requested(event.turn, event.intent, outcome)]
        case _:
            return [reply_requested(event.turn, event.intent, outcome)]


def _tell(intent: str | None, outcome: Outcome) -> None:
    if isinstance(outcome, Escalate):
        tell = log.error if outcome.fault else log.info
        tell("escalated to the teacher", intent=intent, why=outcome.why)
