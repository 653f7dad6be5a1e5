"""What rows' values times their duals add up to, kept up to date while the duals change.

For many rows the sums are weights, a row of them a column; few rows are sooner multiplied with one
another, once for all fits, than with the weights of all their columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from services.learning.arrays import Places, Singles

Take = Callable[[Singles], None]
"""Takes a share of a proposed step: one number for each of its columns."""

FEW = 3_000  # rows; their products are 36 MB


class Sums(Protocol):
    """Begin at zero. All arrays have a column for each intent of each fit."""

    def scores(self, block: int) -> Singles:
        """The sums times the values of a block's rows."""
        ...

    def propose(self, block: int, step: Singles) -> tuple[Singles, Take]:
        """The squared length of what a `step` of a block's duals adds, and how to take it."""
        ...

    def weights(self) -> tuple[Singles, Singles]:
        """Of the sparse columns, and of the full ones."""
        ...


Start = Callable[[int], Sums]
"""Sums of nothing yet, of so many columns."""


def start(sparse: csr_matrix, full: Singles, blocks: Sequence[slice]) -> Start:
    """Makes rows ready to be summed; `full` (rows, columns) are the columns that all rows hold."""
    if sparse.shape[1] > 0 and len(full) <= FEW:
        # Block by block: long texts hold too many columns for all rows to be spread out at once.
        products = np.hstack([sparse @ sparse[rows].T.toarray() for rows in blocks]) + full @ full.T
        return partial(_InProducts, sparse, full, blocks, products)
    return partial(
        _InColumns, [_part(sparse[rows], full[rows]) for rows in blocks], sparse.shape[1]
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A block's rows in the sparse columns that one of them holds, and in the full ones."""

    columns: Places
    values: csr_matrix
    turned: csr_matrix
    full: Singles


def _part(sparse: csr_matrix, full: Singles) -> _Part:
    columns, places = np.unique(sparse.indices, return_inverse=True)
    shape = (sparse.shape[0], len(columns))
    narrow = csr_matrix((sparse.data, places.astype(np.int32), sparse.indptr), shape=shape)
    return _Part(columns.astype(np.int64), narrow, narrow.T.tocsr(), full)


class _InColumns:
    """The sums themselves are kept."""

    def __init__(self, parts: Sequence[_Part], columns: int, width: int) -> None:
        self._parts = parts
        self._sparse = np.zeros((columns, width), dtype=np.float32)
        self._full = np.zeros((parts[0].full.shape[1], width), dtype=np.float32)

    def scores(self, block: int) -> Singles:
        part = self._parts[block]
        scores: Singles = part.values @ np.take(self._sparse, part.columns, axis=0)
        scores += part.full @ self._full
        return scores

    def propose(self, block: int, step: Singles) -> tuple[Singles, Take]:
        part = self._parts[block]
        sparse, full = part.turned @ step, part.full.T @ step

        def take(share: Singles) -> None:
            self._sparse[part.columns] += share * sparse
            self._full += share * full

        return _squares(sparse) + _squares(full), take

    def weights(self) -> tuple[Singles, Singles]:
        return self._sparse, self._full


class _InProducts:
    """The duals are kept; `products`, (rows, rows), are those of the rows with one another."""

    def __init__(
        self,
        sparse: csr_matrix,
        full: Singles,
        blocks: Sequence[slice],
        products: Singles,
        width: int,
    ) -> None:
        self._sparse, self._full, self._blocks, self._products = sparse, full, blocks, products
        self._duals = np.zeros((len(full), width), dtype=np.float32)

    def scores(self, block: int) -> Singles:
        scores: Singles = self._products[self._blocks[block]] @ self._duals
        return scores

    def propose(self, block: int, step: Singles) -> tuple[Singles, Take]:
        rows = self._blocks[block]

        def take(share: Singles) -> None:
            self._duals[rows] += share * step

        curve: Singles = np.einsum("rw,rw->w", step, self._products[rows, rows] @ step)
        return curve, take

    def weights(self) -> tuple[Singles, Singles]:
        return self._sparse.T.tocsr() @ self._duals, self._full.T @ self._duals


def _squares(sums: Singles) -> Singles:
    squares: Singles = np.einsum("cw,cw->w", sums, sums)
    return squares
