"""Fits a linear student's weights: the only file that imports scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from services.learning.grams import pieces
from services.learning.student import Floats, Weights, softmax

Rows = npt.NDArray[np.int64]
_C = 0.5
_MOST_ROUNDS = 10_000
_UNSEEN = 1.0  # how far below the row's lowest score an intent without training rows is put


@dataclass(frozen=True, slots=True)
class Counts:
    """Piece counts of all rows: one sparse matrix a block, and the column of each piece."""

    blocks: tuple[csr_matrix, csr_matrix]
    vocabularies: tuple[dict[str, int], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights on the rows that were shown. `intents` are places in the sorted list of intents."""

    idf: Floats
    coefficients: Floats
    intercepts: Floats
    intents: Rows


def count(texts: Sequence[str], language: str) -> Counts:
    """Counts the pieces once; the fits on parts of the rows share them."""
    cut = [pieces(text, language) for text in texts]
    stems, letters = DictVectorizer(), DictVectorizer()
    blocks = (
        stems.fit_transform([row[0] for row in cut]),
        letters.fit_transform([row[1] for row in cut]),
    )
    first = len(stems.vocabulary_)
    shifted = {piece: first + column for piece, column in letters.vocabulary_.items()}
    return Counts(blocks, (stems.vocabulary_, shifted))


def fit(counts: Counts, intents: Rows, rows: Rows, seed: int) -> Fit:
    """Fits on `rows` alone: a piece that they don't hold weighs nothing."""
    idf = np.concatenate([_idf(block[rows]) for block in counts.blocks])
    if len(seen := np.unique(intents[rows])) == 1:  # nothing to tell it apart from
        return Fit(idf, np.zeros((len(idf), 1)), np.zeros(1), seen)
    model = LinearSVC(C=_C, random_state=seed, max_iter=_MOST_ROUNDS)
    model.fit(weigh(counts, idf, rows), intents[rows])
    coefficients, intercepts = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn then keeps the second intent's scores alone
        coefficients = np.hstack([-coefficients, coefficients])
        intercepts = np.concatenate([-intercepts, intercepts])
    return Fit(idf, np.ascontiguousarray(coefficients), intercepts, model.classes_)


def weigh(counts: Counts, idf: Floats, rows: Rows) -> csr_matrix:
    """Sublinear TF-IDF of the rows, each block scaled to length 1."""
    weighed, first = [], 0
    for block in counts.blocks:
        part = block[rows]
        part.data = 1 + np.log(part.data)
        scale = diags(idf[first : first + block.shape[1]])
        weighed.append(normalize(part @ scale))
        first += block.shape[1]
    return hstack(weighed, format="csr")


def score(counts: Counts, fitted: Fit, rows: Rows, intents: int) -> Floats:
    """Scores of `rows`, shape (rows, intents); an intent that the fit never saw comes last."""
    seen = weigh(counts, fitted.idf, rows) @ fitted.coefficients + fitted.intercepts
    lowest = seen.min(axis=1, keepdims=True) - _UNSEEN
    scores = np.repeat(lowest, intents, axis=1)
    scores[:, fitted.intents] = seen
    return scores


def temperature(scores: Floats, intents: Rows) -> float:
    """The one that makes the right intents of out-of-fold scores likeliest (least log-loss)."""

    def loss(logarithm: float) -> float:
        likely = softmax(scores, float(np.exp(logarithm)))[np.arange(len(intents)), intents]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.01), np.log(10)), method="bounded")
    return float(np.exp(best.x))


def weights(
    counts: Counts, fitted: Fit, intents: Sequence[str], language: str, heat: float
) -> Weights:
    """What the student keeps of a fit on all rows."""
    return Weights(
        language=language,
        intents=tuple(intents[place] for place in fitted.intents),
        vocabularies=counts.vocabularies,
        idf=fitted.idf,
        coefficients=fitted.coefficients,
        intercepts=fitted.intercepts,
        temperature=heat,
    )


def _idf(block: csr_matrix) -> Floats:
    rows, columns = block.shape
    holding = np.bincount(block.indices, minlength=columns)
    idf: Floats = np.where(holding > 0, np.log((1 + rows) / (1 + holding)) + 1, 0.0)
    return idf
