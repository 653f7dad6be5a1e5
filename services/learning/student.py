"""What a student is and answers, and the linear one: plain arrays, no scikit-learn at run time."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np

from services.learning.arrays import Floats
from services.learning.grams import letter_groups, stem, stem_pieces
from services.learning.meanings.lexicon import meaning
from services.learning.normalise import tokens
from services.learning.spelling import Spelling

_ALTERNATIVES = 3
_WORDS_KEPT = 20_000  # of which it is remembered what they are cut into: 10 KB each at the most


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


class _Pieces(NamedTuple):
    """What a word is cut into; of its letter groups the columns of the `known`, and the others."""

    stem: str
    known: tuple[int, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinearStudent:
    """A student out of weights. Safe to share between threads: it only remembers words."""

    weights: Weights
    version: str = "unsaved"
    _spelling: Spelling = field(init=False, repr=False, compare=False)
    _cut: Callable[[str], _Pieces] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Made now, with all that it reads: the first customer need not wait for it.
        spelling = Spelling(self.weights.language, self.weights.words)
        object.__setattr__(self, "_spelling", spelling)
        object.__setattr__(self, "_cut", lru_cache(_WORDS_KEPT)(partial(_pieces, self.weights)))

    @property
    def intents(self) -> tuple[str, ...]:
        return self.weights.intents

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction for each text; of one without a known letter group its confidence is 0."""
        return [self._prediction(row) for row in self.probabilities(texts)]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, intents), in the order of `intents`; as `probabilities_of` gives them."""
        scores, believed = np.empty((len(texts), len(self.intents))), np.empty(len(texts))
        for place, text in enumerate(texts):
            scores[place], believed[place] = self._scores(text)
        return probabilities_of(scores, self.weights.temperature, believed)

    def _scores(self, text: str) -> tuple[Floats, float]:
        """Of the intents, and how much of what the text says counts, in [0, 1]."""
        known = self.weights
        words = self._spelling.read(tokens(text, known.language))
        by_pieces, familiar = self._by_pieces(words)
        by_meaning = meaning(words, known.language).dot(known.coefficients[len(known.idf) :])
        believed = min(1.0, familiar / known.enough)
        return known.intercepts + believed * (by_pieces + by_meaning), believed

    def _by_pieces(self, words: Sequence[str]) -> tuple[Floats, float]:
        """What the pieces say, (intents,), and how familiar the letter groups are, in [0, 1].

        Both blocks are gone through at once: a text has few pieces, and each step costs the same.
        """
        known, cut = self.weights, [self._cut(word) for word in words]
        of = known.vocabularies[0]
        stems = [of[piece] for piece in stem_pieces([each.stem for each in cut]) if piece in of]
        held = Counter(chain(stems, *[each.known for each in cut]))
        columns = np.fromiter(held, np.int64, len(held))
        times = np.fromiter(held.values(), np.float64, len(held))
        values = (1 + np.log(times)) * known.idf.take(columns)
        of_stems = len(set(stems))
        _to_length_1(values[:of_stems])
        square = _to_length_1(values[of_stems:])
        says: Floats = values.dot(known.coefficients.take(columns, axis=0))
        return says, square / (square + self._unknown(cut)) if square else 0.0

    def _unknown(self, cut: Sequence[_Pieces]) -> float:
        """The squared length of the groups that the training rows lack, each as their rarest."""
        groups = [group for each in cut for group in each.unknown]
        if not groups:
            return 0.0
        rarest = self.weights.unseen_idf
        return sum((rarest * (1 + math.log(times))) ** 2 for times in Counter(groups).values())

    def _prediction(self, row: Floats) -> Prediction:
        intents, shares = self.weights.intents, row.tolist()
        best, *others = (-row).argsort(kind="stable")[: _ALTERNATIVES + 1].tolist()
        alternatives = tuple([Guess(intents[place], shares[place]) for place in others])
        return Prediction(intents[best], shares[best], alternatives)


def _pieces(known: Weights, word: str) -> _Pieces:
    groups, columns = letter_groups(word), known.vocabularies[1]
    return _Pieces(
        stem(word, known.language),
        tuple([columns[group] for group in groups if group in columns]),
        tuple([group for group in groups if group not in columns]),
    )


def _to_length_1(values: Floats) -> float:
    """In place; the squared length that it was. All zeros stay so."""
    square = float(values.dot(values))
    if square:
        values /= math.sqrt(square)
    return square


def probabilities_of(scores: Floats, temperature: float, believed: Floats) -> Floats:
    """Rows of probabilities, but zeros where nothing that a text says is `believed`.

    All that would speak of such a text is how often each intent was taught: a guess, and none to
    act upon.
    """
    found = softmax(scores, temperature)
    if not believed.all():
        found[believed == 0] = 0.0
    return found


def softmax(scores: Floats, temperature: float) -> Floats:
    """Probabilities along the last axis; the larger the temperature, the more alike they are."""
    if not scores.size:
        return scores
    shares: Floats = scores - scores.max(axis=-1, keepdims=True)
    shares /= temperature
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares
