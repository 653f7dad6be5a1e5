"""What a student is and answers, and the linear one: plain arrays, no scikit-learn at run time."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.learning.grams import pieces

Floats = npt.NDArray[np.float64]
_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A customer's words and what they meant."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent and how likely it is, in [0, 1]."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The likeliest intent; `alternatives` are the next best three, without it, best first."""

    intent: str
    confidence: float
    alternatives: tuple[Guess, ...]


class Student(Protocol):
    """Names intents. `version` is the artifact's, or `unsaved` for one fresh from training."""

    @property
    def version(self) -> str: ...

    @property
    def intents(self) -> tuple[str, ...]: ...

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction for each text, whatever is in it."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """All that a linear student knows.

    `vocabularies` map pieces (stems; letter groups) to columns; a row of `coefficients` belongs to
    a column, one of its columns to an intent; `idf` has one weight a column; `intercepts` one an
    intent; `temperature` divides the scores before the softmax.
    """

    language: str
    intents: tuple[str, ...]
    vocabularies: tuple[dict[str, int], dict[str, int]] = field(repr=False)
    idf: Floats = field(repr=False)
    coefficients: Floats = field(repr=False)
    intercepts: Floats = field(repr=False)
    temperature: float
    unseen_idf: float
    enough: float


@dataclass(frozen=True, slots=True)
class LinearStudent:
    """A student out of weights. Safe to share between threads: it changes nothing."""

    weights: Weights
    version: str = "unsaved"

    @property
    def intents(self) -> tuple[str, ...]:
        return self.weights.intents

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction for each text; a text without a known piece gets a low confidence."""
        return [self._prediction(row) for row in self.probabilities(texts)]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, intents), in the order of `intents`; every row sums to 1."""
        scores = np.empty((len(texts), len(self.intents)))
        for place, text in enumerate(texts):
            scores[place] = self._scores(text)
        return softmax(scores, self.weights.temperature)

    def _scores(self, text: str) -> Floats:
        known = self.weights
        stems, letters = pieces(text, known.language)
        by_stems, _ = self._block(stems, known.vocabularies[0])
        by_letters, weight = self._block(letters, known.vocabularies[1])
        believed = self._belief(weight, letters)
        scores: Floats = known.intercepts + believed * (by_stems + by_letters)
        return scores

    def _block(
        self, counts: Counter[str], vocabulary: dict[str, int]
    ) -> tuple[Floats | float, float]:
        """What the known pieces say, and their squared weight."""
        known = [(vocabulary[piece], n) for piece, n in counts.items() if piece in vocabulary]
        if not known:
            return 0.0, 0.0
        columns, times = np.array(known).T
        values = (1 + np.log(times)) * self.weights.idf[columns]
        weight = float(values @ values)
        summed: Floats = (values / math.sqrt(weight)) @ self.weights.coefficients[columns]
        return summed, weight

    def _belief(self, known: float, letters: Counter[str]) -> float:
        enough, vocabulary = self.weights.enough, self.weights.vocabularies[1]
        if enough == 0:
            return 1.0
        times = [n for piece, n in letters.items() if piece not in vocabulary]
        unknown = sum((1 + math.log(n)) ** 2 for n in times) * self.weights.unseen_idf**2
        return min(1.0, known / (known + unknown) / enough) if known else 0.0

    def _prediction(self, row: Floats) -> Prediction:
        best = [
            Guess(self.intents[place], float(row[place]))
            for place in np.argsort(-row, kind="stable")[: _ALTERNATIVES + 1]
        ]
        return Prediction(best[0].intent, best[0].confidence, tuple(best[1:]))


def softmax(scores: Floats, temperature: float) -> Floats:
    """Probabilities along the last axis; the larger the temperature, the more alike they are."""
    if not scores.size:
        return scores
    powers = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares
