"""Says the intent's reply."""

from services.router.case import Action, Case, Outcome, Reply
from services.router.replies import reply


def _act(case: Case) -> Outcome:
    return Reply(reply(case))


ACTION = Action(_act)
