"""Lists the promotions: of the products that the customer names, else all."""

from services.router.case import Action, Case, Escalate, Outcome, Reply, on_the_shelf
from services.router.replies import items, other_reply, reply


def _act(case: Case) -> Outcome:
    shelf = case.found.shelf
    if not shelf.products:
        return Escalate("the shop has no products here")
    promoted = [each for each in shelf.products if each.promotion]
    named = [each for each in shelf.find(case.turn.text) if each.promotion]
    if promoted:
        return Reply(reply(case, items=items(case, named or promoted)))
    return Reply(other_reply(case, "not_found"), asks=case.intent_that("prices"))


ACTION = Action(_act, on_the_shelf)
