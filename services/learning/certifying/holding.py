"""Tells samples that may be wrong or planted: held until another voice confirms them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

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


def is_suspicious(said: str, confidence: float, label: str) -> bool:
    """Whether a label firmly contradicts a student that never saw the text."""
    return said != label and confidence >= FIRM


def confirmed(held: Sequence[Sent], others: Sequence[Sent], language: str = "es") -> list[int]:
    """The held samples that similar ones of two other contacts confirm, by their ids.

    Texts are similar when they share half of all their stems (Jaccard). One contact alone, however
    often it writes, confirms nothing.
    """
    spoken = _Spoken(others, language)
    return [row.id for row in held if len(_voices(row, spoken)) >= _VOICES]


class _Spoken:
    """Samples, found by label and stem: a thousand by five thousand are too many pairs to try."""

    def __init__(self, samples: Sequence[Sent], language: str) -> None:
        self._samples, self._language = samples, language
        self._sizes: list[int] = []
        self._places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, sample in enumerate(samples):
            own = _stems(sample.text, language)
            self._sizes.append(len(own))
            for each in own:
                self._places[sample.intent, each].append(place)

    def alike(self, row: Sent) -> Iterator[Sent]:
        """Those of the same label whose texts are similar."""
        own = _stems(row.text, self._language)
        holding = (self._places.get((row.intent, each), ()) for each in own)
        for place, shared in Counter(chain.from_iterable(holding)).items():
            if shared >= _ALIKE * (len(own) + self._sizes[place] - shared):
                yield self._samples[place]


def _voices(row: Sent, spoken: _Spoken) -> set[str]:
    contacts = {other.contact for other in spoken.alike(row)}
    return {each for each in contacts if each is not None and each != row.contact}


def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in tokens(text, language))
