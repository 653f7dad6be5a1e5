"""The machines that decide, fitted in numpy and scipy alone, whatever the number of intents.

Both kinds minimise the rows' losses plus half the squared weights, and are solved in their dual:
`Joint` is multinomial logistic regression (Yu, Huang and Lin, Dual coordinate descent methods for
logistic regression and maximum entropy models, 2011); `Apart` is one support vector machine an
intent, squared hinge loss, as in LIBLINEAR (Hsieh et al., 2008). Where those go row by row, these
step for a block of rows and all intents at once, so that the work is in matrix products.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Rows = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]

BIAS = 0.3  # square of the constant that every row has besides its columns
_FEWEST_ROUNDS, _MOST_ROUNDS = 5, 20
_ROW_STEPS = 250_000  # in all rounds: many rows teach enough in few, and 77 intents take time
_SETTLED = 0.04  # the share of `left` that a round changed, in absolute sums
_BLOCKS = 12  # at least so many, of 16 to 512 rows: larger ones are faster, but settle later
_SMALLEST, _LARGEST = 16, 512
_LEAST = np.float32(1e-12)  # instead of 0, where a logarithm or a quotient is taken


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some rows: their place, the columns they hold, and their values in those columns alone.

    `full` are the columns that every row holds, the constant last. `truth` is 1 at a row's intent
    and 0 elsewhere; `lengths` are squared, those of all columns.
    """

    rows: slice
    truth: Values
    columns: Rows
    values: csr_matrix
    turned: csr_matrix
    full: Values
    lengths: Values


class Solution(NamedTuple):
    """Weights of the sparse columns and of the full ones, each (columns, intents); intercepts."""

    weights: Values
    full: Values
    intercepts: Values


class Machine(Protocol):
    """A loss. `left` (rows, intents) are its dual variables.

    The weights are `strength` times the rows' values times `left`.
    """

    @property
    def strength(self) -> float: ...

    def direction(self, scores: Values, left: Values, block: Block) -> Values:
        """The change of `left` that would be about right for each row alone."""
        ...

    def length(
        self, scores: Values, left: Values, block: Block, step: Values, curve: Values
    ) -> Values:
        """The share of `step` to take, so that the dual rises: rows that are alike overshoot.

        `curve` is, by intent, how fast the gain of the step falls along it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Joint:
    """One softmax over all intents; `left` is a row's truth less its probabilities."""

    strength: float = 30.0

    def direction(self, scores: Values, left: Values, block: Block) -> Values:
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely = powers / powers.sum(axis=1, keepdims=True)
        way: Values = block.truth - likely - left
        # The curvature here, but no less than what a row far from its place will meet on its way.
        bend = np.maximum((likely * (1 - likely)).max(axis=1), np.abs(way).max(axis=1) / 4)
        way /= (1 + np.float32(self.strength) * block.lengths * bend)[:, np.newaxis]
        return way

    def length(
        self, scores: Values, left: Values, block: Block, step: Values, curve: Values
    ) -> Values:
        likely, far = block.truth - left, 1.0
        gain, falls = float((step * scores).sum()), float(curve.sum())
        for _ in range(12):
            logarithms = np.log(np.maximum(likely - np.float32(far) * step, _LEAST))
            if float((step * logarithms).sum()) - gain - far * falls >= 0:
                break
            far *= 0.6
        return np.array(far, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Apart:
    """One machine an intent; `left` is positive in a row's own intent, negative in others."""

    cost: float = 0.5
    strength: float = 1.0

    def direction(self, scores: Values, left: Values, block: Block) -> Values:
        side = 2 * block.truth - 1
        lengths = block.lengths[:, np.newaxis] + np.float32(1 / (2 * self.cost))
        held: Values = side * left
        moved = np.maximum(held + side * self._missing(scores, left, side) / lengths, np.float32(0))
        return np.asarray(side * (moved - held), dtype=np.float32)

    def length(
        self, scores: Values, left: Values, block: Block, step: Values, curve: Values
    ) -> Values:
        gain = (step * self._missing(scores, left, 2 * block.truth - 1)).sum(axis=0)
        falls = curve + (step * step).sum(axis=0) / np.float32(2 * self.cost)
        far: Values = np.minimum(gain / np.maximum(falls, _LEAST), np.float32(1))
        return far

    def _missing(self, scores: Values, left: Values, side: Values) -> Values:
        """The gradient of the dual."""
        missing: Values = side - scores - left / np.float32(2 * self.cost)
        return missing


def blocks_of(values: csr_matrix, full: Values, intents: Rows, size: int, seed: int) -> list[Block]:
    """Deals rows of intents 0 .. size-1 into blocks, for any of the machines.

    `values` are their sparse columns, `full` (rows, full columns) those that most rows hold.
    """
    order = np.random.default_rng(seed).permutation(len(intents))
    truth = np.eye(size, dtype=np.float32)[intents[order]]
    constant = np.full((len(order), 1), math.sqrt(BIAS), dtype=np.float32)
    held = np.hstack([full[order].astype(np.float32), constant])
    return list(_cut(values[order].astype(np.float32), held, truth))


def solve(
    machine: Machine,
    blocks: list[Block],
    columns: int,
    *,
    seed: int,
    settled: float = _SETTLED,
    rounds: int | None = None,
) -> Solution:
    """The weights of the sparse `columns`, the full ones and the constant; there is one optimum."""
    dealer = np.random.default_rng(seed)
    size = blocks[0].truth.shape[1]
    weights = np.zeros((columns, size), dtype=np.float32)
    full = np.zeros((blocks[0].full.shape[1], size), dtype=np.float32)
    left = np.zeros((blocks[-1].rows.stop, size), dtype=np.float32)
    for _ in range(rounds or min(max(_ROW_STEPS // len(left), _FEWEST_ROUNDS), _MOST_ROUNDS)):
        changed = sum(
            _improve(machine, weights, full, left, blocks[place])
            for place in dealer.permutation(len(blocks))
        )
        if changed < settled * float(np.abs(left).sum()):
            break
    return Solution(weights, full[:-1], full[-1] * np.float32(math.sqrt(BIAS)))


def _cut(values: csr_matrix, full: Values, truth: Values) -> Iterator[Block]:
    size = min(max(len(truth) // _BLOCKS, _SMALLEST), _LARGEST)
    for first in range(0, len(truth), size):
        rows = slice(first, min(first + size, len(truth)))
        part, held = values[rows], full[rows]
        columns, places = np.unique(part.indices, return_inverse=True)
        shape = (part.shape[0], len(columns))
        narrow = csr_matrix((part.data, places.astype(np.int32), part.indptr), shape=shape)
        lengths = np.asarray(part.multiply(part).sum(axis=1)).ravel() + (held * held).sum(axis=1)
        yield Block(
            rows, truth[rows], columns.astype(np.int64), narrow, narrow.T.tocsr(), held, lengths
        )


def _improve(machine: Machine, weights: Values, full: Values, left: Values, block: Block) -> float:
    """One step on a block's rows, in place; how much of `left` it changed."""
    here, there = np.take(weights, block.columns, axis=0), left[block.rows]
    scores = block.values @ here + block.full @ full
    step = machine.direction(scores, there, block)
    onto, onto_full = block.turned @ step, block.full.T @ step
    curve = np.einsum("ci,ci->i", onto, onto) + np.einsum("ci,ci->i", onto_full, onto_full)
    strength = np.float32(machine.strength)
    step *= (far := machine.length(scores, there, block, step, strength * curve))
    left[block.rows] += step
    onto *= strength * far
    here += onto
    weights[block.columns] = here
    full += strength * far * onto_full
    return float(np.abs(step).sum())
