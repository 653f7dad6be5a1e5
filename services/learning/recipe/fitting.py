"""Fits a linear student's weights: counts, their TF-IDF, and the machine on top of it."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags, hstack

from services.learning.grams import letter_groups, stem_pieces
from services.learning.recipe.alike import alike
from services.learning.recipe.machines import Apart, Joint, blocks_of, solve
from services.learning.student import Floats, Weights, softmax

Rows = npt.NDArray[np.int64]
BLOCKS = (0.85, 1.0)  # the length of the stems' part of a row, and of the letters'
_UNSEEN = 1.0  # how far below the row's lowest score an intent without training rows is put
_LEAST = 1e-12  # a probability of 0 has no logarithm
_LEAST_FACTOR = 0.01  # rows that contradict one another then give all intents about the same
MACHINES = (Joint(), Apart())


@dataclass(frozen=True, slots=True)
class Counts:
    """Piece counts of all rows: one sparse matrix a block, and the column of each piece."""

    blocks: tuple[csr_matrix, csr_matrix]
    vocabularies: tuple[dict[str, int], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of both machines on the rows that were shown.

    `coefficients` and `intercepts` hold one array a machine; `intents` are places in the sorted
    list of intents.
    """

    idf: Floats
    coefficients: tuple[Floats, ...]
    intercepts: tuple[Floats, ...]
    intents: Rows


def count(texts: Sequence[str], language: str) -> Counts:
    """Counts the pieces of normalised texts once, as `grams.pieces` does; all fits share them.

    The letter groups are counted once a word, not once a text that holds it.
    """
    words = [text.split() for text in texts]
    stems, stem_columns = _table(stem_pieces(of, language) for of in words)
    spoken, places = _table(words)
    groups, group_columns = _table(letter_groups(word) for word in places)
    shifted = {piece: len(stem_columns) + column for piece, column in group_columns.items()}
    return Counts((stems, csr_matrix(spoken @ groups)), (stem_columns, shifted))


def fit(counts: Counts, intents: Rows, rows: Rows, seed: int) -> Fit:
    """Fits on `rows` alone: a piece that they don't hold weighs nothing."""
    shown = tuple(block[rows] for block in counts.blocks)
    idf = np.concatenate([idf_of(block) for block in shown])
    seen, places = np.unique(intents[rows], return_inverse=True)
    if len(seen) == 1:  # nothing to tell it apart from
        nothing = np.zeros((len(idf), 1)), np.zeros(1)
        return Fit(idf, (nothing[0],) * len(MACHINES), (nothing[1],) * len(MACHINES), seen)
    lengths = np.repeat(BLOCKS, [block.shape[1] for block in counts.blocks])
    scaled = csr_matrix(weigh(counts, idf, rows) @ diags(lengths))
    same = alike(shown, seed)
    blocks = blocks_of(same.merged(scaled), places, len(seen), seed)
    learned = [solve(machine, blocks, len(same.columns), seed=seed) for machine in MACHINES]
    # In double precision from here on: one text and a batch then add up to the same.
    return Fit(
        idf,
        tuple(same.spread(each).astype(np.float64) * lengths[:, np.newaxis] for each, _ in learned),
        tuple(each.astype(np.float64) for _, each in learned),
        seen,
    )


def weigh(counts: Counts, idf: Floats, rows: Rows) -> csr_matrix:
    """Sublinear TF-IDF of the rows, each block scaled to length 1."""
    weighed, first = [], 0
    for block in counts.blocks:
        part = block[rows]
        part.data = 1 + np.log(part.data)
        part = part @ diags(idf[first : first + block.shape[1]])
        weighed.append(_to_length_1(part))
        first += block.shape[1]
    return hstack(weighed, format="csr")


def idf_of(block: csr_matrix) -> Floats:
    """The inverse document frequency of each column; 0 for one that no row holds."""
    rows, columns = block.shape
    holding = np.bincount(block.indices, minlength=columns)
    idf: Floats = np.where(holding > 0, np.log((1 + rows) / (1 + holding)) + 1, 0.0)
    return idf


def unseen_idf(rows: int) -> float:
    """What the inverse document frequency would be of a piece that none of so many rows holds."""
    return float(np.log(1 + rows) + 1)


def score(counts: Counts, fitted: Fit, rows: Rows, intents: int, belief: Floats) -> Floats:
    """Scores of `rows`, shape (machines, rows, intents); an intent never shown comes last.

    What the pieces of a row say counts as much as its `belief`, in [0, 1].
    """
    weighed = diags(belief) @ weigh(counts, fitted.idf, rows)
    scores = np.empty((len(MACHINES), len(rows), intents))
    for place, (coefficients, intercepts) in enumerate(
        zip(fitted.coefficients, fitted.intercepts, strict=True)
    ):
        seen = weighed @ coefficients + intercepts
        scores[place] = seen.min(axis=1, keepdims=True) - _UNSEEN
        scores[place][:, fitted.intents] = seen
    return scores


def blend(scores: Floats, intents: Rows) -> Floats:
    """The factor of each machine's scores that makes the right intents likeliest (least log-loss).

    `scores` (machines, rows, intents) are out of fold. The loss is convex in the factors.
    """
    rows = np.arange(len(intents))
    right = scores[:, rows, intents]

    def loss(factors: Floats) -> tuple[float, Floats]:
        likely = softmax(np.tensordot(factors, scores, 1), 1.0)
        expected = np.einsum("ri,mri->mr", likely, scores)
        lost = -np.log(np.maximum(likely[rows, intents], _LEAST)).mean()
        return float(lost), (expected - right).mean(axis=1)

    bounds = [(_LEAST_FACTOR, None)] * len(scores)
    found = minimize(loss, np.ones(len(scores)), jac=True, method="L-BFGS-B", bounds=bounds)
    factors: Floats = found.x
    return factors


def weights(
    counts: Counts,
    fitted: Fit,
    intents: Sequence[str],
    language: str,
    factors: Floats,
    enough: float,
) -> Weights:
    """What the student keeps of a fit on all rows: the machines' mean, weighed by the factors.

    `enough` is the familiarity from which on a text is believed in full.
    """
    shares = factors / factors.sum()
    return Weights(
        language=language,
        intents=tuple(intents[place] for place in fitted.intents),
        vocabularies=counts.vocabularies,
        idf=fitted.idf,
        coefficients=_mean(shares, fitted.coefficients),
        intercepts=_mean(shares, fitted.intercepts),
        temperature=float(1 / factors.sum()),
        unseen_idf=unseen_idf(counts.blocks[1].shape[0]),
        enough=enough,
    )


def _mean(shares: Floats, of: tuple[Floats, ...]) -> Floats:
    mean: Floats = np.sum([share * each for share, each in zip(shares, of, strict=True)], axis=0)
    return mean


def _table(lines: Iterable[Iterable[str]]) -> tuple[csr_matrix, dict[str, int]]:
    """How often each line holds each piece, shape (lines, pieces), and the pieces' columns."""
    columns: dict[str, int] = {}
    places, ends = array("i"), array("q", [0])
    for line in lines:
        places.extend(columns.setdefault(piece, len(columns)) for piece in line)
        ends.append(len(places))
    table = csr_matrix(
        (np.ones(len(places)), np.array(places), np.array(ends)),
        shape=(len(ends) - 1, len(columns)),
    )
    table.sum_duplicates()
    return table, columns


def _to_length_1(block: csr_matrix) -> csr_matrix:
    """A row without pieces stays empty."""
    lengths = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())
    return csr_matrix(diags(1 / np.where(lengths > 0, lengths, 1.0)) @ block)
