"""Shares as people read them where no decimal may be lost: targets that were set."""


def percent(share: float) -> str:
    """``0.95`` as ``95%``, ``0.975`` as ``97.5%``: with the decimals that are there."""
    return f"{share * 100:g}%"
