"""Solves a machine's dual for several fits at once, block by block of rows: matrix products.

The fits have the rows and their values in common and differ by the rows that each is shown, as the
folds of a training and its last fit do.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from services.learning.arrays import Floats, Mask, Places, Singles
from services.learning.recipe.machines import Block, Machine
from services.learning.recipe.sums import Start, Sums, start

BIAS = 0.3  # square of the constant that every row has besides its columns
_FEWEST_ROUNDS, _MOST_ROUNDS = 5, 20
_ROW_STEPS = 250_000  # in all rounds: many rows teach enough in few, and 77 intents take time
_SETTLED = 0.04  # the share of `duals` that a round changed, in absolute sums
_BLOCKS = 12  # at least so many, of 16 to 512 rows: larger ones are faster, but settle later
_SMALLEST, _LARGEST = 16, 512


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows in the order in which they are dealt into blocks, for any machine and any fits.

    `order` is where the rows were before; `truth`, (rows, 1, intents), is 1 at a row's intent and 0
    elsewhere; `lengths`, (rows, 1, 1), are squared; `start` begins the sums over their columns.
    """

    order: Places
    blocks: tuple[slice, ...]
    truth: Singles
    lengths: Singles
    start: Start


class Solution(NamedTuple):
    """Weights of the sparse columns and of the full ones, each (columns, intents); intercepts."""

    weights: Floats
    full: Floats
    intercepts: Floats


def table_of(values: csr_matrix, full: Singles, intents: Places, seed: int) -> Table:
    """Deals rows of intents 0, 1, ... into blocks.

    `values` are their sparse columns, `full` (rows, columns) those that all rows hold.
    """
    order = np.random.default_rng(seed).permutation(len(intents))
    size = min(max(len(order) // _BLOCKS, _SMALLEST), _LARGEST)
    blocks = tuple(slice(at, min(at + size, len(order))) for at in range(0, len(order), size))
    sparse = csr_matrix(values[order].astype(np.float32))
    constant = np.full((len(order), 1), math.sqrt(BIAS), dtype=np.float32)
    held = np.hstack([full[order].astype(np.float32), constant])
    truth = np.eye(int(intents.max()) + 1, dtype=np.float32)[intents[order]]
    lengths = np.asarray(sparse.multiply(sparse).sum(axis=1)) + (held * held).sum(1, keepdims=True)
    first = start(sparse, held, blocks)
    return Table(order, blocks, truth[:, np.newaxis], lengths[:, np.newaxis], first)


def solve(
    machine: Machine,
    table: Table,
    shown: Mask,
    *,
    seed: int,
    settled: float = _SETTLED,
    rounds: int | None = None,
) -> list[Solution]:
    """The optimum of each fit; `shown`, (rows, fits), are the rows that it learns from."""
    dealer = np.random.default_rng(seed)
    sees = shown[table.order].astype(np.float32)[:, :, np.newaxis]
    duals = np.zeros((*shown.shape, table.truth.shape[2]), dtype=np.float32)
    sums = table.start(duals[0].size)
    for _ in range(rounds or min(max(_ROW_STEPS // len(duals), _FEWEST_ROUNDS), _MOST_ROUNDS)):
        changed = sum(
            _improve(machine, table, number, sees, duals, sums)
            for number in dealer.permutation(len(table.blocks))
        )
        if changed < settled * float(np.abs(duals).sum()):
            break
    return _solutions(sums, np.float32(machine.strength), duals.shape[1:])


def _improve(
    machine: Machine, table: Table, number: int, sees: Singles, duals: Singles, sums: Sums
) -> float:
    """One step on a block's rows, in place; how much of `duals` it changed."""
    rows, strength = table.blocks[number], np.float32(machine.strength)
    block, of_block = Block(table.truth[rows], table.lengths[rows]), duals[rows]
    scores = strength * sums.scores(number).reshape(of_block.shape)
    step = machine.direction(scores, of_block, block) * sees[rows]
    squares, take = sums.propose(number, step.reshape(len(step), -1))
    curve = strength * squares.reshape(of_block.shape[1:])
    share = np.broadcast_to(machine.length(scores, of_block, block, step, curve), curve.shape)
    take(share.reshape(-1))
    step *= share
    duals[rows] += step
    return float(np.abs(step).sum())


def _solutions(sums: Sums, strength: np.float32, shape: tuple[int, int]) -> list[Solution]:
    """One a fit; `shape` is (fits, intents)."""
    # In double precision from here on: one text and a batch then add up to the same.
    weights, full = (
        (strength * each).reshape(-1, *shape).astype(np.float64) for each in sums.weights()
    )
    intercepts = full[-1] * math.sqrt(BIAS)
    return [Solution(weights[:, fit], full[:-1, fit], intercepts[fit]) for fit in range(shape[0])]
