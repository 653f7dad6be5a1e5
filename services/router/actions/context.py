"""Takes a yes or a no as the answer to what the bot asked last."""

from collections.abc import Mapping

from services.router.case import Action, Case, Escalate, Needs, Outcome, Reply
from services.router.replies import other_reply, reply

_NOTHING_ASKED = Escalate("nothing was asked that this could answer")


def _deny(case: Case) -> Outcome:
    return Reply(reply(case)) if case.turn.asked else _NOTHING_ASKED


DENY = Action(_deny)
"""A no."""


def affirm(asking: Mapping[str, Action]) -> Action:
    """A yes; ``asking`` are the actions that ask for details, by name."""

    def needs(case: Case) -> Needs:
        asked = _asked_case(case, asking)
        return asking[asked.intent.action or ""].needs(asked) if asked else Needs()

    def act(case: Case) -> Outcome:
        if case.turn.asked is None:
            return _NOTHING_ASKED
        asked = _asked_case(case, asking)
        if asked is None:
            return Escalate("a yes to what only the teacher can have asked")
        outcome = asking[asked.intent.action or ""].act(asked)
        return _asked_again(case, asked) if isinstance(outcome, Escalate) else outcome

    return Action(act, needs)


def _asked_case(case: Case, asking: Mapping[str, Action]) -> Case | None:
    """The turn taken as what was asked, if that is an intent that asks for a detail."""
    asked = case.asked
    return case.about(asked) if asked and asked.action in asking else None


def _asked_again(case: Case, asked: Case) -> Outcome:
    """A yes without the detail: friendly, and the question once more."""
    return Reply(f"{reply(case)} {other_reply(asked, 'ask')}", asks=asked.intent.name)
