"""An order is told to its buyer, however the shop notes who that is."""

import pytest

from contracts.events import Contact
from services.router.actions.order_status import belongs_to

ANA = Contact(id="MX.77", phone="+5215512345678")


@pytest.mark.parametrize(
    "buyer", ["MX.77", "+52 55 1234 5678", "5512345678", "5215512345678@s.whatsapp.net"]
)
def test_the_buyer_is_known_by_id_or_phone(buyer: str) -> None:
    assert belongs_to(buyer, ANA)


@pytest.mark.parametrize(
    "buyer", ["MX.512345678", "juan", "5512345679", "+52 56 1234 5678", "345678", ""]
)
def test_nobody_else_is(buyer: str) -> None:
    assert not belongs_to(buyer, ANA)
