"""How much of a text the student knows: of what it hardly knows it must not be sure."""

import numpy as np

from services.learning.arrays import Floats, Places
from services.learning.recipe.counting import Counts, idf_of, unseen_idf

_HARDLY_KNOWN = 0.1  # share of the training rows, held out, that are not believed in full


def familiarity(counts: Counts, rows: Places, learned: Places) -> Floats:
    """What share of each row's letter groups the `learned` rows hold, in [0, 1].

    Groups count by their squared TF-IDF weight, and one that no row holds as the rarest. A row
    without letters is not known at all.
    """
    groups = counts.blocks[1]
    idf = idf_of(groups[learned])
    weight = groups[rows]
    weight.data = (1 + np.log(weight.data)) ** 2
    known = weight @ idf**2
    whole = known + weight @ np.where(idf > 0, 0.0, unseen_idf(len(learned)) ** 2)
    shares: Floats = np.divide(known, whole, out=np.zeros_like(known), where=whole > 0)
    return shares


def held_out_familiarity(counts: Counts, folds: Places) -> Floats:
    """The familiarity of every row to the rows of the other folds."""
    shares = np.zeros(len(folds))
    for fold in np.unique(folds):
        held = folds == fold
        shares[held] = familiarity(counts, np.flatnonzero(held), np.flatnonzero(~held))
    return shares


def enough_of(held_out: Floats) -> float:
    """The familiarity from which on a text is believed in full, over 0.

    Rows of which nothing is known have no say: among short texts, which share few letters, they may
    be so many that whatever is written would be believed. Where no row is known, only what was
    learned letter by letter is.
    """
    known = held_out[held_out > 0]
    return float(np.quantile(known, _HARDLY_KNOWN)) if len(known) else 1.0


def belief(familiar: Floats, enough: float) -> Floats:
    """How much of what a text says counts, in [0, 1]: all of it, or less in proportion."""
    believed: Floats = np.minimum(1.0, familiar / enough)
    return believed
