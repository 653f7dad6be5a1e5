"""Columns that hold the same in all rows are one to the machines, and change nothing."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from services.learning.arrays import Floats
from services.learning.recipe.alike import alike

COLUMNS = st.lists(
    st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=12
).map(lambda columns: csr_matrix(np.array(columns, dtype=float).T))


def weighed(*blocks: csr_matrix) -> Floats:
    """The counts as rows of other lengths, as TF-IDF leaves them."""
    rows: Floats = np.hstack([block.toarray() for block in blocks])
    rows *= np.array([[1], [0.5], [3], [0.1]])
    return rows


@given(stems=COLUMNS, letters=COLUMNS)
def test_no_two_rows_product_changes(stems: csr_matrix, letters: csr_matrix) -> None:
    rows = weighed(stems, letters)
    merged = alike((stems, letters), seed=0).merged(csr_matrix(rows)).toarray()
    assert np.allclose(merged @ merged.T, rows @ rows.T, rtol=1e-6, atol=1e-6)


@given(stems=COLUMNS, letters=COLUMNS)
def test_spread_weights_score_as_the_merged_ones(stems: csr_matrix, letters: csr_matrix) -> None:
    rows, same = weighed(stems, letters), alike((stems, letters), seed=0)
    weights: Floats = np.random.default_rng(1).normal(size=(len(same.columns), 3))
    scores = same.merged(csr_matrix(rows)) @ weights
    assert np.allclose(rows @ same.spread(weights), scores, rtol=1e-4, atol=1e-4)


def test_equal_columns_are_one_within_a_block_and_two_across_blocks() -> None:
    block = csr_matrix(np.array([[1.0, 1, 0], [2, 2, 1]]))
    assert len(alike((block,), seed=0).columns) == 2
    assert len(alike((block, block), seed=0).columns) == 4


def test_tens_of_thousands_of_columns_that_differ_stay_apart() -> None:
    places = np.array(list(combinations(range(250), 2)))
    columns = np.repeat(np.arange(len(places)), 2)
    block = csr_matrix((np.ones(places.size), (places.ravel(), columns)))
    assert len(alike((block,), seed=0).columns) == len(places)
