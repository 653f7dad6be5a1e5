"""What classifier and router both know of actions: which ask for a detail, and for which one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Detail(StrEnum):
    """What a customer may have left out."""

    ORDER = "order"
    """An order's number."""
    PRODUCT = "product"
    """A product's name."""


ASKS: Final[Mapping[str, Detail]] = {
    "availability": Detail.PRODUCT,
    "order_status": Detail.ORDER,
    "prices": Detail.PRODUCT,
}
"""Actions that may ask for a detail first. Short answers, and a yes, are taken to them."""

AFFIRM: Final = "affirm"
DENY: Final = "deny"
