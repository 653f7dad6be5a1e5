"""Says what the products cost that the customer names; asks which ones when none is named."""

from services.router.actions.which import which_product
from services.router.case import Action, Case, Escalate, Outcome, Reply, on_the_shelf
from services.router.replies import items, reply


def _act(case: Case) -> Outcome:
    if not case.found.shelf.products:
        return Escalate("the shop has no products here")
    named = case.found.shelf.find(case.turn.text)
    if not named:
        return which_product(case)
    priced = [each for each in named if each.price is not None]
    if not priced:
        return Escalate("the products have no price")
    return Reply(reply(case, items=items(case, priced)))


ACTION = Action(_act, on_the_shelf)
