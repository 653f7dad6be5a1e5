"""What a student is and answers, and the linear one: plain arrays, no scikit-learn at run time."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple, Protocol

import numpy as np

from services.learning.arrays import Floats
from services.learning.grams import pieces
from services.learning.meanings.lexicon import meaning
from services.learning.normalise import tokens
from services.learning.spelling import Spelling

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

    def clamped(self) -> "Prediction":
        """All confidences in [0, 1]: rounding may overshoot, and what is no number counts as 0."""
        others = tuple(Guess(each.intent, _clamp(each.confidence)) for each in self.alternatives)
        return Prediction(self.intent, _clamp(self.confidence), others)


def _clamp(confidence: float) -> float:
    return min(1.0, max(0.0, confidence))


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

    `words` are the shop's own, as `spelling.own_words` gives them: misspelt ones are read by them.
    `vocabularies` map pieces (stems; letter groups) to columns; a row of `coefficients` belongs to
    a column, the last ones to the dimensions of a meaning, one of its columns to an intent; `idf`
    has one weight a piece's column; `intercepts` one an intent; `temperature` divides the scores
    before the softmax. A text is known by the share of its letter groups' squared weight that is in
    the vocabulary, where others weigh `unseen_idf`; from `enough` on its pieces and its meaning
    count in full, and below that in proportion.
    """

    language: str
    intents: tuple[str, ...]
    words: tuple[str, ...] = field(repr=False)
    vocabularies: tuple[dict[str, int], dict[str, int]] = field(repr=False)
    idf: Floats = field(repr=False)
    coefficients: Floats = field(repr=False)
    intercepts: Floats = field(repr=False)
    temperature: float
    unseen_idf: float
    enough: float


class _Said(NamedTuple):
    """What the known pieces of a block say, and the squared weight of the known and the unknown."""

    says: Floats | float
    known: float
    unknown: float


@dataclass(frozen=True, slots=True)
class LinearStudent:
    """A student out of weights. Safe to share between threads: it changes nothing."""

    weights: Weights
    version: str = "unsaved"
    _spelling: Spelling = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Made now, with all that it reads: the first customer need not wait for it.
        spelling = Spelling(self.weights.language, self.weights.words)
        object.__setattr__(self, "_spelling", spelling)

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
        words = self._spelling.read(tokens(text, known.language))
        stems, letters = pieces(words, known.language)
        by_stems = self._block(stems, known.vocabularies[0])
        by_letters = self._block(letters, known.vocabularies[1])
        believed = self._belief(by_letters)
        by_meaning = meaning(words, known.language) @ known.coefficients[len(known.idf) :]
        said = by_stems.says + by_letters.says + by_meaning
        scores: Floats = known.intercepts + believed * said
        return scores

    def _block(self, counts: Counter[str], vocabulary: dict[str, int]) -> _Said:
        columns = np.fromiter(map(vocabulary.get, counts, repeat(-1)), np.int64, len(counts))
        times = 1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))
        found = columns >= 0
        columns, unseen = columns[found], times[~found] * self.weights.unseen_idf
        values = times[found] * self.weights.idf[columns]
        weight = float(values @ values)
        if weight == 0:
            return _Said(0.0, 0.0, float(unseen @ unseen))
        says = (values / math.sqrt(weight)) @ np.take(self.weights.coefficients, columns, axis=0)
        return _Said(says, weight, float(unseen @ unseen))

    def _belief(self, letters: _Said) -> float:
        if letters.known == 0:
            return 0.0
        familiar = letters.known / (letters.known + letters.unknown)
        return 1.0 if familiar >= self.weights.enough else familiar / self.weights.enough

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
