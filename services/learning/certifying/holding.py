"""Tells samples that may be wrong or planted: held until another voice confirms them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.learning.grams import stem
from services.learning.normalise import tokens

FIRM = 0.9
"""From this confidence on, a student that says something else than the label is firm about it."""

_ALIKE = 0.5
_VOICES = 2
"""So many other contacts must have written alike, under the same label."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A sample and who wrote it; `contact` None: nobody knows."""

    id: int
    text: str
    intent: str
    contact: str | None


def is_suspicious(said: str | None, confidence: float, label: str) -> bool:
    """Whether a label firmly contradicts a student that never saw the text."""
    return said is not None and said != label and confidence >= FIRM


def confirmed(held: Sequence[Sent], others: Sequence[Sent], language: str = "es") -> list[int]:
    """The held samples that similar ones of two other contacts confirm, by their ids.

    Texts are similar when they share half of all their stems (Jaccard). One contact alone, however
    often it writes, confirms nothing.
    """
    spoken = [(other, _stems(other.text, language)) for other in others]
    return [row.id for row in held if len(_voices(row, spoken, language)) >= _VOICES]


def _voices(row: Sent, spoken: Sequence[tuple[Sent, frozenset[str]]], language: str) -> set[str]:
    own = _stems(row.text, language)
    return {
        other.contact
        for other, stems in spoken
        if other.contact is not None
        and other.contact != row.contact
        and other.intent == row.intent
        and _alike(own, stems)
    }


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * max(1, len(one | other))


def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in tokens(text, language))
