"""The machines that decide: what each loses by a row, and where that pulls the row's duals.

Both kinds minimise the rows' losses plus half the squared weights, and are solved in their dual:
`Joint` is multinomial logistic regression (Yu, Huang and Lin, Dual coordinate descent methods for
logistic regression and maximum entropy models, 2011); `Apart` is one support vector machine an
intent, squared hinge loss, as in LIBLINEAR (Hsieh et al., 2008). Where those go row by row, these
step for a block of rows, several fits and all intents at once (services/learning/recipe/solver.py).
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from services.learning.arrays import Singles

_LEAST = np.float32(1e-12)  # instead of 0, where a logarithm or a quotient is taken
_FEWER, _TRIES = np.float32(0.6), 12  # how a step is cut that went too far; the last cut is taken


class Block(NamedTuple):
    """What a machine asks of some rows.

    `truth`, (rows, 1, intents), is 1 at a row's intent and 0 elsewhere; `lengths`, (rows, 1, 1),
    are squared, and those of all columns.
    """

    truth: Singles
    lengths: Singles


class Machine(Protocol):
    """A loss, by its dual: `duals`, (rows, fits, intents), are its dual variables.

    The weights are `strength` times the rows' values times `duals`.
    """

    @property
    def strength(self) -> float: ...

    def direction(self, scores: Singles, duals: Singles, block: Block) -> Singles:
        """The change of `duals` that would be about right for each row alone."""
        ...

    def length(
        self, scores: Singles, duals: Singles, block: Block, step: Singles, curve: Singles
    ) -> Singles:
        """The share of `step` to take, so that the dual rises: rows that are alike overshoot.

        `curve`, (fits, intents), is how fast the gain of the step falls along it. The share is that
        of each fit and intent, (fits, intents), or (fits, 1).
        """
        ...


@dataclass(frozen=True, slots=True)
class Joint:
    """One softmax over all intents; `duals` are a row's truth less its probabilities."""

    strength: float = 30.0

    def direction(self, scores: Singles, duals: Singles, block: Block) -> Singles:
        powers = np.exp(scores - scores.max(axis=2, keepdims=True))
        likeliest = 1 / powers.sum(axis=2, keepdims=True)
        way: Singles = block.truth - powers * likeliest - duals
        # The curvature here, but no less than what a row far from its place will meet on its way.
        farthest = np.abs(way).max(axis=2, keepdims=True)
        bend = np.maximum(likeliest * (1 - likeliest), farthest / 4)
        way /= 1 + np.float32(self.strength) * block.lengths * bend
        return way

    def length(
        self, scores: Singles, duals: Singles, block: Block, step: Singles, curve: Singles
    ) -> Singles:
        likely = block.truth - duals
        gain, falls = np.einsum("rfi,rfi->f", step, scores), curve.sum(axis=1)
        share = np.ones(len(curve), dtype=np.float32)
        for _ in range(_TRIES):
            logarithms = np.log(np.maximum(likely - share[:, np.newaxis] * step, _LEAST))
            too_far = np.einsum("rfi,rfi->f", step, logarithms) < gain + share * falls
            if not too_far.any():
                break
            share[too_far] *= _FEWER
        return share[:, np.newaxis]


@dataclass(frozen=True, slots=True)
class Apart:
    """One machine an intent; `duals` are positive in a row's own intent, negative in others."""

    cost: float = 0.5
    strength: float = 1.0

    def direction(self, scores: Singles, duals: Singles, block: Block) -> Singles:
        side = 2 * block.truth - 1
        lengths = block.lengths + np.float32(1 / (2 * self.cost))
        held: Singles = side * duals
        moved = np.maximum(
            held + side * self._gradient(scores, duals, side) / lengths, np.float32(0)
        )
        return np.asarray(side * (moved - held), dtype=np.float32)

    def length(
        self, scores: Singles, duals: Singles, block: Block, step: Singles, curve: Singles
    ) -> Singles:
        gain = (step * self._gradient(scores, duals, 2 * block.truth - 1)).sum(axis=0)
        falls = curve + (step * step).sum(axis=0) / np.float32(2 * self.cost)
        share: Singles = np.minimum(gain / np.maximum(falls, _LEAST), np.float32(1))
        return share

    def _gradient(self, scores: Singles, duals: Singles, side: Singles) -> Singles:
        """The gradient of the dual."""
        gradient: Singles = side - scores - duals / np.float32(2 * self.cost)
        return gradient
