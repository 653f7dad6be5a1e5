"""Says which of the named products are in stock; asks which ones when none is named."""

from services.router.actions.which import which_product
from services.router.case import Action, Case, Escalate, Outcome, Reply, on_the_shelf
from services.router.replies import items, other_reply, reply
from services.router.shelf import details, mentions
from services.storage.shop import Product


def _act(case: Case) -> Outcome:
    if not case.found.shelf.products:
        return Escalate("the shop has no products here")
    named = case.found.shelf.find(case.turn.text)
    if not named:
        return which_product(case)
    wanted = details(case.turn.text)
    fitting = [each for each in named if mentions(each, wanted)]
    if not fitting:
        return Escalate("nothing is known of that colour or size")
    return _stock(case, fitting)


def _stock(case: Case, products: list[Product]) -> Outcome:
    there = [each for each in products if each.stock is None or each.stock > 0]
    if there:
        return Reply(reply(case, items=items(case, there)))
    return Reply(other_reply(case, "sold_out", items=items(case, products)))


ACTION = Action(_act, on_the_shelf)
