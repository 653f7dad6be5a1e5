"""Shares as people read them: no decimal of a target is lost, and nearly sure is not sure."""

from math import floor


def percent(share: float) -> str:
    """``0.95`` as ``95%``, ``0.975`` as ``97.5%``: with the decimals that are there."""
    return f"{share * 100:g}%"


def tenths(share: float) -> str:
    """``0.8`` as ``80%``, ``0.875`` as ``87.5%``, ``0.74624`` as ``74.6%``: for thresholds."""
    return percent(round(share, 3))


def share(of_one: float | None) -> str:
    """``0.8124`` as ``81.2%``; a dash where there is nothing to take a share of."""
    return "-" if of_one is None else f"{of_one:.1%}"


def certainty(share: float) -> str:
    """A confidence, rounded down: ``0.99998`` as ``99.9%``, for only what is certain is 100 %."""
    return percent(floor(share * 1000) / 1000)
