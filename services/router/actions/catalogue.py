"""Lists what the shop sells: the kind that the customer names, else everything."""

from services.router.case import Action, Case, Escalate, Outcome, Reply, on_the_shelf
from services.router.replies import items, reply


def _act(case: Case) -> Outcome:
    shelf = case.found.shelf
    if not shelf.products:
        return Escalate("the shop has no products here")
    listed = shelf.find(case.turn.text) or shelf.products
    # What interests the customer is priced next.
    return Reply(reply(case, items=items(case, listed)), asks=case.intent_that("prices"))


ACTION = Action(_act, on_the_shelf)
