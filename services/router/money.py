"""Writes a price as the customer's country does."""

from decimal import Decimal

_POINT_DECIMALS = frozenset(
    {"MXN", "MX$", "USD", "US$", "PEN", "S/", "S/.", "GTQ", "Q", "HNL", "L", "NIO", "C$"}
    | {"DOP", "RD$", "PAB", "B/.", "PR$"}
)
"""Currencies of countries that write 1,234.50; the others write 1.234,50."""


def price(amount: Decimal, currency: str) -> str:
    """`$89.900`, `MXN 1,299.50`; decimals only where there are some."""
    whole = amount == amount.to_integral_value()
    written = f"{amount:,.0f}" if whole else f"{amount:,.2f}"
    if currency.upper() not in _POINT_DECIMALS:
        written = written.translate(str.maketrans(",.", ".,"))
    return f"{currency}{'' if currency.endswith('$') else ' '}{written}".strip()
