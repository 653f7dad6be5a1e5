"""Shares as people read them."""

import pytest

from services.learning.percent import certainty, percent, tenths


@pytest.mark.parametrize(
    ("share", "shown"),
    [(1.0, "100%"), (0.99998, "99.9%"), (0.9849, "98.4%"), (0.5, "50%"), (0.0, "0%")],
)
def test_only_what_is_certain_is_a_hundred_percent(share: float, shown: str) -> None:
    assert certainty(share) == shown


def test_a_target_keeps_the_decimals_that_it_has() -> None:
    assert (percent(0.95), percent(0.9975)) == ("95%", "99.75%")


def test_a_threshold_is_rounded_to_a_tenth() -> None:
    assert (tenths(0.875), tenths(0.74624)) == ("87.5%", "74.6%")
