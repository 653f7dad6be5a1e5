"""Counts the pieces of all rows once, sums what their words mean, and weighs pieces by TF-IDF."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack

from services.learning.arrays import Floats, Mask, Places, Singles
from services.learning.grams import letter_groups, stem, stem_pieces
from services.learning.meanings.lexicon import meanings


@dataclass(frozen=True, slots=True)
class Counts:
    """What all rows are made of: one sparse matrix a block of pieces, and each piece's column.

    `meanings` has a row's meaning, of length 1, in its row.
    """

    blocks: tuple[csr_matrix, csr_matrix]
    vocabularies: tuple[dict[str, int], dict[str, int]]
    meanings: Singles


def count(texts: Sequence[Sequence[str]], language: str) -> Counts:
    """Counts the pieces of texts once; all fits share them.

    A text is its words as the student reads them. The letter groups are counted once a word, not
    once a text that holds it.
    """
    stems, stem_columns = _table(
        stem_pieces([stem(word, language) for word in words]) for words in texts
    )
    spoken, places = _table(texts)
    groups, group_columns = _table(letter_groups(word) for word in places)
    shifted = {piece: len(stem_columns) + column for piece, column in group_columns.items()}
    return Counts(
        (stems, csr_matrix(spoken @ groups)),
        (stem_columns, shifted),
        _of_length_1(np.asarray(spoken @ meanings(list(places), language))),
    )


def weigh(counts: Counts, idf: Floats, rows: Places) -> csr_matrix:
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


def held_by(counts: Counts, shown: Mask) -> Mask:
    """Of each piece, whether one of the rows that are `shown` holds it."""
    holding = [np.bincount(b[shown].indices, minlength=b.shape[1]) for b in counts.blocks]
    return np.concatenate(holding) > 0


def unseen_idf(rows: int) -> float:
    """What the inverse document frequency would be of a piece that none of so many rows holds."""
    return float(np.log(1 + rows) + 1)


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


def _of_length_1(meant: Singles) -> Singles:
    """A row that means nothing known stays zero."""
    lengths = np.linalg.norm(meant, axis=1, keepdims=True)
    return np.asarray(meant / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
