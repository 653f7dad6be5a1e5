"""What to do with a message that failed: one pure decision over the kind of its error."""

from dataclasses import dataclass, replace
from typing import Literal

from contracts.codec import DecodeError
from contracts.topology import LADDER, MAX_DELIVERIES, SUSPECT_DELIVERIES, RetryStep
from services.runtime.broker import BrokerAway, Unroutable

Errors = tuple[type[BaseException], ...]


class Refused(Exception):
    """A message that no retry can help, such as one from a gateway that nobody listed."""


@dataclass(frozen=True)
class Return:
    """Something that everybody needs is away: give the message back and wait for it."""


@dataclass(frozen=True)
class Retry:
    """It may pass: try again after the step's delay."""

    step: RetryStep


@dataclass(frozen=True)
class Bury:
    """It will never pass: keep it for a person."""

    reason: str


Decision = Return | Retry | Bury


@dataclass(frozen=True)
class Rules:
    """Which errors are which kind; adapters name their own. All others may pass."""

    away: Errors = (BrokerAway, Unroutable)
    never: Errors = (DecodeError, Refused)
    ladder: tuple[RetryStep, ...] = LADDER
    buries: bool = True
    """False for whoever takes the buried: there is nowhere further to go, so it keeps trying."""

    def also_away(self, *errors: type[BaseException]) -> "Rules":
        """These rules, with more errors that mean that something everybody needs is away."""
        return replace(self, away=(*self.away, *errors))


def decide(error: BaseException, attempt: int, rules: Rules) -> Decision:
    """Decide for a message that failed with ``error`` after ``attempt`` earlier failures."""
    if isinstance(error, rules.away):
        return Return()
    if not rules.buries:
        return Retry(rules.ladder[min(attempt, len(rules.ladder) - 1)])
    if isinstance(error, rules.never):
        return Bury("invalid" if isinstance(error, DecodeError) else "refused")
    if attempt < len(rules.ladder):
        return Retry(rules.ladder[attempt])
    return Bury("retries exhausted")


def suspicion(deliveries: int, rules: Rules) -> Literal["none", "alone", "bury"]:
    """What a delivery count says: it is raised each time a consumer dies with the message."""
    if deliveries >= MAX_DELIVERIES and rules.buries:
        return "bury"
    return "alone" if deliveries >= SUSPECT_DELIVERIES else "none"
