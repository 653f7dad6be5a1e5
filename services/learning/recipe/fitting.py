"""Fits a linear student's weights: four machines, and how much each of them is worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags

from services.learning.meanings.vectors import DIMENSIONS
from services.learning.recipe.alike import alike
from services.learning.recipe.counting import Counts, Rows, idf_of, unseen_idf, weigh
from services.learning.recipe.machines import Apart, Joint, blocks_of, solve
from services.learning.student import Floats, Weights, softmax

# The length of the stems' part of a row, of the letters' and of the meaning's.
BLOCKS = (0.85, 1.0, 0.8)
ON_ALL = (Joint(), Apart())  # these machines read all blocks
ON_MEANING = (Joint(),)  # and these the meaning alone, at length 1
MACHINES = len(ON_ALL + ON_MEANING) + 1  # the last one goes by the intents' names
# Who learns nothing is not drawn to small weights either: where two names happen to part a few rows
# it would be believed without end. Hundreds of rows hardly notice.
SPREAD = np.array([np.inf] * (MACHINES - 1) + [10.0])
_UNSEEN = 1.0  # how far below the row's lowest score an intent without training rows is put
_LEAST = 1e-12  # a probability of 0 has no logarithm
_LEAST_FACTOR = 0.01  # rows that contradict one another then give all intents about the same


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of the machines, one array a machine; all but the last learned from the rows shown.

    `of_pieces` are of those that read pieces, (pieces, intents); `of_meaning` of all, (DIMENSIONS,
    intents), as are `intercepts`; `intents` are places in the sorted list of intents.
    """

    idf: Floats
    of_pieces: tuple[Floats, ...]
    of_meaning: tuple[Floats, ...]
    intercepts: tuple[Floats, ...]
    intents: Rows


def fit(counts: Counts, intents: Rows, rows: Rows, named: Floats, seed: int) -> Fit:
    """Fits on `rows` alone: a piece that they don't hold weighs nothing.

    `named`, (DIMENSIONS, intents), is what the intents' names mean.
    """
    shown = tuple(block[rows] for block in counts.blocks)
    idf = np.concatenate([idf_of(block) for block in shown])
    seen, places = np.unique(intents[rows], return_inverse=True)
    if len(seen) == 1:  # nothing to tell it apart from
        return _knows_one(idf, seen)
    *lengths, length = BLOCKS
    scale = np.repeat(lengths, [block.shape[1] for block in counts.blocks])
    same, meant = alike(shown, seed), counts.meanings[rows]
    values = same.merged(csr_matrix(weigh(counts, idf, rows) @ diags(scale)))
    everything = blocks_of(values, meant * np.float32(length), places, len(seen), seed)
    meaning = blocks_of(csr_matrix((len(rows), 0)), meant, places, len(seen), seed)
    on_all = [solve(machine, everything, values.shape[1], seed=seed) for machine in ON_ALL]
    on_meaning = [solve(machine, meaning, 0, seed=seed) for machine in ON_MEANING]
    # In double precision from here on: one text and a batch then add up to the same.
    return Fit(
        idf,
        tuple(
            same.spread(each.weights).astype(np.float64) * scale[:, np.newaxis] for each in on_all
        ),
        (
            *(each.full.astype(np.float64) * length for each in on_all),
            *(each.full.astype(np.float64) for each in on_meaning),
            named[:, seen],
        ),
        (
            *(each.intercepts.astype(np.float64) for each in on_all + on_meaning),
            np.zeros(len(seen)),
        ),
        seen,
    )


def score(counts: Counts, fitted: Fit, rows: Rows, intents: int, belief: Floats) -> Floats:
    """Scores of `rows`, shape (machines, rows, intents); an intent never shown comes last.

    What a row says counts as much as its `belief`, in [0, 1].
    """
    weighed = diags(belief) @ weigh(counts, fitted.idf, rows)
    meant = counts.meanings[rows] * belief[:, np.newaxis]
    scores = np.empty((MACHINES, len(rows), intents))
    for place, (of_meaning, intercepts) in enumerate(
        zip(fitted.of_meaning, fitted.intercepts, strict=True)
    ):
        seen = meant @ of_meaning + intercepts
        if place < len(fitted.of_pieces):
            seen += weighed @ fitted.of_pieces[place]
        scores[place] = seen.min(axis=1, keepdims=True) - _UNSEEN
        scores[place][:, fitted.intents] = seen
    return scores


def blend(scores: Floats, intents: Rows, spread: float | Floats = np.inf) -> Floats:
    """The factor of each machine's scores that makes the right intents likeliest (least log-loss).

    `scores` (machines, rows, intents) are out of fold. The loss is convex in the factors. One whose
    `spread` is finite is drawn to zero, as if factors were spread so around it.
    """
    rows = np.arange(len(intents))
    right = scores[:, rows, intents]
    pull = 1 / (len(rows) * np.square(spread))

    def loss(factors: Floats) -> tuple[float, Floats]:
        likely = softmax(np.tensordot(factors, scores, 1), 1.0)
        expected = np.einsum("ri,mri->mr", likely, scores)
        lost = -np.log(np.maximum(likely[rows, intents], _LEAST)).mean()
        drawn = pull * factors
        return float(lost + drawn @ factors / 2), (expected - right).mean(axis=1) + drawn

    bounds = [(_LEAST_FACTOR, None)] * len(scores)
    found = minimize(loss, np.ones(len(scores)), jac=True, method="L-BFGS-B", bounds=bounds)
    factors: Floats = found.x
    return factors


def weights(
    counts: Counts,
    fitted: Fit,
    intents: Sequence[str],
    language: str,
    words: tuple[str, ...],
    factors: Floats,
    enough: float,
) -> Weights:
    """What the student keeps of a fit on all rows: the machines' mean, weighed by the factors.

    `words` are the shop's own; from a familiarity of `enough` on a text is believed in full.
    """
    shares = factors / factors.sum()
    return Weights(
        language=language,
        intents=tuple(intents[place] for place in fitted.intents),
        words=words,
        vocabularies=counts.vocabularies,
        idf=fitted.idf,
        coefficients=np.concatenate(
            [_mean(shares, fitted.of_pieces), _mean(shares, fitted.of_meaning)]
        ),
        intercepts=_mean(shares, fitted.intercepts),
        temperature=float(1 / factors.sum()),
        unseen_idf=unseen_idf(counts.blocks[1].shape[0]),
        enough=enough,
    )


def _mean(shares: Floats, of: tuple[Floats, ...]) -> Floats:
    """The weighed mean; a machine that comes without an array has zeros."""
    mean: Floats = np.sum([share * each for share, each in zip(shares, of, strict=False)], axis=0)
    return mean


def _knows_one(idf: Floats, seen: Rows) -> Fit:
    pieces, meaning = np.zeros((len(idf), 1)), np.zeros((DIMENSIONS, 1))
    return Fit(
        idf,
        (pieces,) * len(ON_ALL),
        (meaning,) * MACHINES,
        (np.zeros(1),) * MACHINES,
        seen,
    )
