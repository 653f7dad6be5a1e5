"""Asks which product is meant, once: whoever can't name one then is better off with the teacher."""

from services.router.case import Case, Escalate, Outcome, Reply
from services.router.replies import other_reply
from services.router.shelf import names_something


def which_product(case: Case) -> Outcome:
    """The question that fits: the shop hasn't the product, or none was named."""
    if case.asked_already:
        return Escalate("the answer names no product of the shop either")
    key = "not_found" if names_something(case.turn.text) else "ask"
    return Reply(other_reply(case, key), asks=case.intent.name)
