"""What an action is given, and what it may answer: plain values, no I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from contracts.events import TurnReady
from services.router.shelf import Shelf
from services.storage.catalogue import StoredIntent
from services.storage.shop import Order

Catalogue = Mapping[str, StoredIntent]
"""The active intents by name."""


@dataclass(frozen=True)
class Shop:
    """Facts out of the live settings; empty where the shop has not said."""

    name: str = ""
    hours: str = ""
    address: str = ""
    currency: str = "$"


@dataclass(frozen=True)
class Found:
    """What was looked up for a whole batch: exactly what its actions asked for."""

    shelf: Shelf = field(default_factory=lambda: Shelf(()))
    orders: Mapping[str, Order] = field(default_factory=dict)
    """By canonical number, see ``order_numbers``."""
    keeps_orders: bool = False


@dataclass(frozen=True)
class Case:
    """One turn and all that is known for its answer."""

    intent: StoredIntent
    turn: TurnReady
    catalogue: Catalogue
    shop: Shop = field(default_factory=Shop)
    found: Found = field(default_factory=Found)

    @property
    def asked(self) -> StoredIntent | None:
        """The intent whose missing detail the bot asked for last, if it is still there."""
        return self.catalogue.get(self.turn.asked.intent) if self.turn.asked else None

    @property
    def asked_already(self) -> bool:
        """Whether this very intent's detail was asked for: it is not asked for twice."""
        return self.asked is not None and self.asked.name == self.intent.name

    def about(self, intent: StoredIntent) -> "Case":
        """The same turn, taken as another intent."""
        return replace(self, intent=intent)

    def intent_that(self, action: str) -> str | None:
        """The name of the first intent with that action."""
        names = (name for name, intent in self.catalogue.items() if intent.action == action)
        return next(names, None)


class Needs(NamedTuple):
    """What must be looked up before an action is run."""

    products: bool = False
    orders: Sequence[str] = ()
    """Canonical order numbers."""
    keeps_orders: bool = False


@dataclass(frozen=True)
class Reply:
    """An answer; ``asks`` is the intent whose missing detail it asks for."""

    text: str
    asks: str | None = None


@dataclass(frozen=True)
class Handoff:
    """An answer, and a person of the shop is called; ``note`` tells them what about."""

    text: str
    note: str


@dataclass(frozen=True)
class Escalate:
    """The router can't; the teacher may. ``fault`` when the shop's own text is to be repaired."""

    why: str
    fault: bool = False


Outcome = Reply | Handoff | Escalate


def nothing(_: Case) -> Needs:
    """The needs of an action that looks nothing up."""
    return Needs()


class Action(NamedTuple):
    """A kind of answer: ``needs`` is asked first, with nothing found yet, then ``act``."""

    act: Callable[[Case], Outcome]
    needs: Callable[[Case], Needs] = nothing


def on_the_shelf(_: Case) -> Needs:
    """The needs of an action about products."""
    return Needs(products=True)
