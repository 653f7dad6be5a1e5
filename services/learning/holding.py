"""Tells samples that may be wrong or planted: held until another voice confirms them."""

FIRM = 0.9
"""From this confidence on, a student that says something else than the label is firm about it."""


def is_suspicious(said: str | None, confidence: float, label: str) -> bool:
    """Whether a label firmly contradicts a student that never saw the text."""
    return said is not None and said != label and confidence >= FIRM
