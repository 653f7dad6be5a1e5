"""The kinds of answers. A new one is a file here and a line below (docs/actions.md)."""

from collections.abc import Mapping

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

_ASKING: Mapping[str, Action] = {
    "availability": availability.ACTION,
    "order_status": order_status.ACTION,
    "prices": prices.ACTION,
}
"""Actions that may ask for a detail first; `affirm` takes the answer to them."""

ACTIONS: Mapping[str, Action] = {
    **_ASKING,
    "affirm": context.affirm(_ASKING),
    "catalogue": catalogue.ACTION,
    "deny": context.DENY,
    "handoff": handoff.ACTION,
    "promotions": promotions.ACTION,
    "reply": reply.ACTION,
    "shop_info": shop_info.ACTION,
}
"""By the name that an intent's `action` gives."""
