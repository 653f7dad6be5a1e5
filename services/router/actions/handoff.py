"""Says the intent's reply and calls a person of the shop."""

from services.router.case import Action, Case, Handoff, Outcome
from services.router.replies import reply


def _act(case: Case) -> Outcome:
    return Handoff(reply(case), note_of(case))


def note_of(case: Case) -> str:
    """What the person reads: what the intent means, and the customer's words."""
    return f"{case.intent.description or case.intent.name}\n«{case.turn.text}»"


ACTION = Action(_act)
