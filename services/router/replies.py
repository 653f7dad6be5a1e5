"""Fills in the shop's own words: the replies of the catalogue and their placeholders."""

from collections.abc import Sequence

from contracts.catalogue import placeholders
from services.router.case import Case
from services.router.money import price
from services.storage.shop import Product

MOST_ITEMS = 10
"""Products in one reply: a list that fits a phone's screen."""


class BrokenReply(Exception):
    """A reply of the catalogue is missing or can't be filled in; the message says what to edit."""


def reply(case: Case, **values: str) -> str:
    """The intent's reply; raises BrokenReply."""
    return _filled(case, "reply", case.intent.reply, values)


def other_reply(case: Case, key: str, **values: str) -> str:
    """One of the intent's other replies, such as `ask`; raises BrokenReply."""
    return _filled(case, key, case.intent.replies.get(key), values)


def _filled(case: Case, key: str, template: str | None, values: dict[str, str]) -> str:
    where = f"the intent {case.intent.name}, its {key}"
    if not template or not template.strip():
        raise BrokenReply(f"{where}: it is empty")
    facts = {"shop": case.shop.name, "hours": case.shop.hours, "address": case.shop.address}
    known = {name: value for name, value in {**facts, **values}.items() if value}
    try:
        unknown = placeholders(template) - known.keys()
    except ValueError as error:
        raise BrokenReply(f"{where}: {error}; write {{{{ and }}}} for plain braces") from error
    if unknown:
        listed = ", ".join(f"{{{name}}}" for name in sorted(unknown))
        raise BrokenReply(f"{where}: nothing is known for {listed}")
    return template.format_map(known)


def items(case: Case, products: Sequence[Product]) -> str:
    """A line for each product, with its price and promotion where there is one."""
    lines = [_item(each, case.shop.currency) for each in products[:MOST_ITEMS]]
    return "\n".join([*lines, "…"] if len(products) > MOST_ITEMS else lines)


def _item(product: Product, currency: str) -> str:
    cost = (
        "" if product.price is None else f": {price(product.price, product.currency or currency)}"
    )
    promotion = f" ({product.promotion})" if product.promotion else ""
    return f"• {product.name}{cost}{promotion}"
