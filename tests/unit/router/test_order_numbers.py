"""Order numbers are found where customers write them, and other numbers are not taken for one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.order_numbers import canonical, find_numbers, spellings


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("pedido 1234", "1234"),
        ("mi numero de pedido es 2231", "2231"),
        ("orden #3320", "3320"),
        ("el pedido 998 ya salió?", "998"),
        ("#a-1234", "A1234"),
        ("pedido: PED-00017", "PED00017"),
        ("la compra n° 77", "77"),
        ("estado del pedido nro 2024-0017.", "20240017"),
        ("el pedido es el A1045", "A1045"),
    ],
)
def test_a_number_that_is_said_to_be_an_orders_is_named(text: str, number: str) -> None:
    assert find_numbers(text, asked=False) == ((number,), ())


@pytest.mark.parametrize(("text", "possible"), [("1042 como va?", ("1042",)), ("A-12", ("A12",))])
def test_a_long_number_alone_may_be_an_orders(text: str, possible: tuple[str, ...]) -> None:
    assert find_numbers(text, asked=False) == ((), possible)


@pytest.mark.parametrize(
    "text", ["pedi hace 15 dias", "a las 10:30", "el 12/05/2026", "pague 89.900", "mi pedido?", ""]
)
def test_days_hours_dates_and_prices_are_no_order_numbers(text: str) -> None:
    assert find_numbers(text, asked=False) == ((), ())


def test_when_a_number_was_asked_for_any_number_is_named() -> None:
    assert find_numbers("creo que 15 o 1042", asked=True) == (("15", "1042"), ())
    # The first of them is looked up, or said to be unknown.
    assert find_numbers("pague 45000 por el pedido 1042", asked=True) == (("1042", "45000"), ())


def test_only_a_few_numbers_of_a_text_are_looked_up() -> None:
    text = " ".join(f"pedido {place}" for place in range(1000, 1100))
    assert len(find_numbers(text, asked=True).named) == 5


@pytest.mark.parametrize("word", ["#", "numero ", "# 1 ", "n° :", "#1234 ", "1-"])
def test_a_flood_of_marks_is_searched_at_once(word: str) -> None:
    began = time.perf_counter()
    find_numbers((word * 20_000)[:20_000], asked=True)
    assert time.perf_counter() - began < 1


@given(st.text())
def test_any_text_can_be_searched_and_its_numbers_spelt(text: str) -> None:
    for asked in (True, False):
        for number in [each for kind in find_numbers(text, asked=asked) for each in kind]:
            assert number in spellings(number)
            assert {canonical(spelt) for spelt in spellings(number)} == {number}
