"""Prices are written as in the currency's country."""

from decimal import Decimal

import pytest

from services.router.money import price


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("89900", "$", "$89.900"),
        ("1299.50", "$", "$1.299,50"),
        ("1299.50", "MXN", "MXN 1,299.50"),
        ("1299.50", "mxn", "mxn 1,299.50"),
        ("45.90", "S/", "S/ 45.90"),
        ("12", "US$", "US$12"),
        ("1500000.00", "COP", "COP 1.500.000"),
        ("0", "$", "$0"),
        ("999", "", "999"),
    ],
)
def test_a_price(amount: str, currency: str, written: str) -> None:
    assert price(Decimal(amount), currency) == written
