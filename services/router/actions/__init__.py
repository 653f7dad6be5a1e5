"""The kinds of answers. A new one is a file here and a line below (docs/actions.md)."""

from collections.abc import Mapping

from contracts.actions import AFFIRM, ASKS, DENY
from services.router.actions import (
    availability,
    catalogue,
    context,
    handoff,
    order_status,
    prices,
    promotions,
    reply,
    shop_info,
)
from services.router.case import Action

_OTHERS: Mapping[str, Action] = {
    "availability": availability.ACTION,
    "catalogue": catalogue.ACTION,
    DENY: context.DENY,
    "handoff": handoff.ACTION,
    "order_status": order_status.ACTION,
    "prices": prices.ACTION,
    "promotions": promotions.ACTION,
    "reply": reply.ACTION,
    "shop_info": shop_info.ACTION,
}
"""All but a yes, which is the answer to one of them."""

ACTIONS: Mapping[str, Action] = {
    **_OTHERS,
    AFFIRM: context.affirm({name: _OTHERS[name] for name in ASKS}),
}
"""By the name that an intent's `action` gives."""
