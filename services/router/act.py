"""The router's one decision: what is answered to a turn, by the action that its intent names."""

from collections.abc import Mapping

from contracts.events import IntentClassified
from services.router.actions import ACTIONS
from services.router.case import Action, Case, Catalogue, Escalate, Needs, Outcome, Shop
from services.router.replies import BrokenReply


def case_of(event: IntentClassified, catalogue: Catalogue, shop: Shop) -> Case | Escalate:
    """What is known of a turn before anything is looked up; Escalate if nobody can act on it."""
    intent = catalogue.get(event.intent or "")
    if intent is None:
        return Escalate("the catalogue has no such intent, or it is switched off")
    if intent.action is None:
        return Escalate("the catalogue names no action for it: it is the teacher's")
    if intent.action not in ACTIONS:
        return Escalate(f"nobody here does the action {intent.action!r}", fault=True)
    return Case(intent, event.turn, catalogue, shop)


def needs_of(case: Case) -> Needs:
    """What must be looked up for a case."""
    return ACTIONS[case.intent.action or ""].needs(case)


def act(case: Case, actions: Mapping[str, Action] = ACTIONS) -> Outcome:
    """The answer to a case whose look-ups were made."""
    try:
        return actions[case.intent.action or ""].act(case)
    except BrokenReply as error:
        return Escalate(str(error), fault=True)
