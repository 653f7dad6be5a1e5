"""Shares as people read them where no decimal may be lost: targets and thresholds."""


def percent(share: float) -> str:
    """``0.95`` as ``95%``, ``0.975`` as ``97.5%``: with the decimals that are there."""
    return f"{share * 100:g}%"


def tenths(share: float) -> str:
    """``0.8`` as ``80%``, ``0.875`` as ``87.5%``, ``0.74624`` as ``74.6%``: for thresholds."""
    return percent(round(share, 3))
