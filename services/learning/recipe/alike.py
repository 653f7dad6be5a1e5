"""Columns that hold the same in all rows are one to a linear machine: less work, same weights.

The letter groups of a rare word stand in the same rows, and so do its stem and its pairs. Of m such
columns the machine gets one, times the square root of m: no two rows' product changes, so neither
does the optimum, in which each of the m weighs the same.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags

from services.learning.arrays import Floats, Places, Singles


@dataclass(frozen=True, slots=True)
class Alike:
    """For each column its group; for each group one of its columns, and their number's root."""

    groups: Places
    columns: Places
    roots: Singles

    def merged(self, values: csr_matrix) -> csr_matrix:
        """Rows with one column a group."""
        return csr_matrix(values[:, self.columns] @ diags(self.roots))

    def spread(self, weights: Floats) -> Floats:
        """Weights (groups, intents) as those of the columns, shape (columns, intents)."""
        each: Floats = (weights / self.roots[:, np.newaxis])[self.groups]
        return each


def alike(blocks: tuple[csr_matrix, ...], seed: int) -> Alike:
    """Finds the columns that are equal, within each block of counts.

    Equal columns have equal products with a random vector, and others do not but by a chance of
    about 1e-8 for 10,000 columns.
    """
    marks = np.random.default_rng(seed).random((len(blocks), blocks[0].shape[0]))
    seen = np.concatenate([block.T @ mark for block, mark in zip(blocks, marks, strict=True)])
    _, columns, groups, sizes = np.unique(
        seen, return_index=True, return_inverse=True, return_counts=True
    )
    return Alike(groups, columns, np.sqrt(sizes, dtype=np.float32))
