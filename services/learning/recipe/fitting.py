"""Fits a linear student's weights: four machines, and how much each of them is worth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags
from scipy.special import logsumexp

from services.learning.arrays import Floats, Mask, Places
from services.learning.recipe.alike import Alike, alike
from services.learning.recipe.counting import Counts, held_by, idf_of, unseen_idf, weigh
from services.learning.recipe.machines import Apart, Joint
from services.learning.recipe.solver import solve, table_of
from services.learning.student import Weights, softmax

# The length of the stems' part of a row, of the letters' and of the meaning's.
BLOCKS = (0.85, 1.0, 0.8)
_OF_MEANING = BLOCKS[-1]
ON_ALL = (Joint(), Apart())  # these machines read all blocks
ON_MEANING = (Joint(),)  # and these the meaning alone, at length 1
MACHINES = len(ON_ALL + ON_MEANING) + 1  # the last one goes by the intents' names
_WIDE = 256  # as many fits at once as have so many intents together: wider arrays leave the cache
_UNSEEN = 1.0  # how far below the row's lowest score an intent without training rows is put
_LEAST_FACTOR = 0.01  # rows that contradict one another then give all intents about the same


@dataclass(frozen=True, slots=True)
class Columns:
    """What the machines read of the pieces: those that are `alike` as one, blocks of their length.

    `scale` is that of each piece's block.
    """

    alike: Alike
    scale: Floats

    def read(self, counts: Counts, idf: Floats, rows: Places) -> csr_matrix:
        """Values of `rows`, one column a group of pieces that are alike."""
        return self.alike.merged(csr_matrix(weigh(counts, idf, rows) @ diags(self.scale)))

    def of_pieces(self, weights: Floats) -> Floats:
        """Weights of these columns as those of the pieces, whose blocks are of length 1."""
        spread: Floats = self.alike.spread(weights) * self.scale[:, np.newaxis]
        return spread


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of the machines, which always come in this order: `ON_ALL`, `ON_MEANING`, the names.

    `of_columns` are of those that read pieces, (columns, intents); `of_meaning` of all,
    (DIMENSIONS, intents), as are `intercepts`. All but the names' were learned from the rows shown.
    `idf` is 0 for a piece that no row shown holds; `unseen` are the intents without a row shown.
    """

    columns: Columns
    idf: Floats
    of_columns: tuple[Floats, ...]
    of_meaning: tuple[Floats, ...]
    intercepts: tuple[Floats, ...]
    unseen: Places


def fit(counts: Counts, intents: Places, shown: Mask, named: Floats, seed: int) -> Iterator[Fit]:
    """One fit for each column of `shown`, (rows, fits): the rows that it learns from.

    How rare a piece is goes by all rows, whichever are shown, so that the fits have one table in
    common. `named`, (DIMENSIONS, intents), is what the intents' names mean.
    """
    columns, idf = _columns(counts, seed), np.concatenate([idf_of(b) for b in counts.blocks])
    values = columns.read(counts, idf, np.arange(len(intents)))
    nothing = csr_matrix((len(intents), 0))
    everything = table_of(values, counts.meanings * _OF_MEANING, intents, seed)
    meaning = table_of(nothing, counts.meanings, intents, seed)
    at_once = max(1, _WIDE // named.shape[1])
    for first in range(0, shown.shape[1], at_once):
        some = shown[:, first : first + at_once]
        on_all = [solve(machine, everything, some, seed=seed) for machine in ON_ALL]
        on_meaning = [solve(machine, meaning, some, seed=seed) for machine in ON_MEANING]
        for number, to_it in enumerate(some.T):
            read_all, meant = [of[number] for of in on_all], [of[number] for of in on_meaning]
            yield Fit(
                columns=columns,
                idf=np.where(held_by(counts, to_it), idf, 0.0),
                of_columns=tuple(each.weights for each in read_all),
                of_meaning=(
                    *(each.full * _OF_MEANING for each in read_all),
                    *(each.full for each in meant),
                    named,
                ),
                intercepts=(
                    *(each.intercepts for each in read_all + meant),
                    np.zeros(named.shape[1]),
                ),
                unseen=np.setdiff1d(intents, intents[to_it]),
            )


def _columns(counts: Counts, seed: int) -> Columns:
    scale = np.repeat(BLOCKS[:-1], [block.shape[1] for block in counts.blocks])
    return Columns(alike(counts.blocks, seed), scale)


def score(counts: Counts, fitted: Fit, rows: Places, belief: Floats) -> Floats:
    """Scores of `rows`, shape (machines, rows, intents); an intent never shown comes last.

    What a row says counts as much as its `belief`, in [0, 1].
    """
    read = diags(belief) @ fitted.columns.read(counts, fitted.idf, rows)
    meant = counts.meanings[rows] * belief[:, np.newaxis]
    scores = np.stack(
        [meant @ of + each for of, each in zip(fitted.of_meaning, fitted.intercepts, strict=True)]
    )
    for place, weights in enumerate(fitted.of_columns):
        scores[place] += read @ weights
    scores[:, :, fitted.unseen] = np.inf
    lowest = scores.min(axis=2, keepdims=True)
    return np.where(np.isinf(scores), lowest - _UNSEEN, scores)


def blend(scores: Floats, intents: Places, different: int) -> Floats:
    """The factor of each machine's scores that makes the right intents likeliest (least log-loss).

    `scores` (machines, rows, intents) are out of fold, of n `different` texts. Where all are right
    nothing would keep the factors from rising without end, so one row in n + 2 is doubted: taken
    for one of any other intent (after Platt, Probabilistic outputs for support vector machines,
    1999). Each error that is there keeps them from it too, and makes the doubt a smaller one.
    Copies of a text are no more proof than one. The loss is convex in the factors.
    """
    errors = int((scores.sum(axis=0).argmax(axis=1) != intents).sum())
    others, doubt = scores.shape[2] - 1, 1 / ((different + 2) * (errors + 1))
    truth = np.full(scores.shape[1:], doubt / others)
    truth[np.arange(len(intents)), intents] = 1 - doubt
    wanted = np.einsum("ri,mri->m", truth, scores) / len(intents)

    def loss(factors: Floats) -> tuple[float, Floats]:
        blended = np.tensordot(factors, scores, 1)
        lost = logsumexp(blended, axis=1).mean() - factors @ wanted
        likely = softmax(blended, 1.0)
        return float(lost), np.einsum("ri,mri->m", likely, scores) / len(intents) - wanted

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
        intents=tuple(intents),
        words=words,
        vocabularies=counts.vocabularies,
        idf=fitted.idf,
        coefficients=np.concatenate(
            [
                fitted.columns.of_pieces(_mean(shares, fitted.of_columns)),
                _mean(shares, fitted.of_meaning),
            ]
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
