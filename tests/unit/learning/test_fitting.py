"""Fits: that folds are scored by what a student would answer, and that all blocks are weighed."""

import math
from functools import partial

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.linear_model import LogisticRegression

from services.learning.arrays import Floats, Places
from services.learning.meanings.lexicon import meaning
from services.learning.meanings.vectors import DIMENSIONS
from services.learning.normalise import tokens
from services.learning.recipe.counting import Counts, count, weigh
from services.learning.recipe.familiarity import belief, familiarity
from services.learning.recipe.fitting import (
    BLOCKS,
    ON_ALL,
    ON_MEANING,
    Fit,
    blend,
    fit,
    score,
    weights,
)
from services.learning.recipe.names import by_name
from services.learning.recipe.solver import BIAS, solve
from services.learning.student import Example, LinearStudent, softmax

NAMES = ["horario", "precio", "saludo"]
HALF = 2.0  # enough familiarity to be believed in full; a text of training rows has 1


@pytest.fixture(scope="module")
def rows(catalogue_rows: list[Example]) -> list[Example]:
    """Some rows of some intents."""
    return [row for row in catalogue_rows if row.intent in NAMES][::3]


@pytest.fixture(scope="module")
def counts(rows: list[Example]) -> Counts:
    return count([tokens(row.text) for row in rows], "es")


@pytest.fixture(scope="module")
def intents(rows: list[Example]) -> Places:
    return np.unique([row.intent for row in rows], return_inverse=True)[1]


@pytest.fixture(scope="module")
def fitted(counts: Counts, intents: Places) -> Fit:
    return on_all(counts, intents)


def on_all(counts: Counts, intents: Places) -> Fit:
    everyone = np.ones((len(intents), 1), dtype=bool)
    [fitted] = fit(counts, intents, everyone, by_name(NAMES, "es"), 0)
    return fitted


def without(intent: int, counts: Counts, intents: Places) -> Fit:
    """A fit that is shown no row of an intent."""
    shown = (intents != intent)[:, np.newaxis]
    [fitted] = fit(counts, intents, shown, by_name(NAMES, "es"), 0)
    return fitted


def test_a_row_means_in_training_what_it_means_to_the_student(
    rows: list[Example], counts: Counts
) -> None:
    asked = [meaning(tokens(row.text), "es") for row in rows]
    assert np.allclose(counts.meanings, asked, atol=1e-6)


def test_in_english_too_a_row_means_in_training_what_it_means_to_the_student() -> None:
    texts = [["how", "much", "is", "shipping"], ["price"]]
    asked = [meaning(text, "en") for text in texts]
    assert np.allclose(count(texts, "en").meanings, asked, atol=1e-6)


def test_folds_are_scored_as_the_student_would_answer(
    rows: list[Example], counts: Counts, fitted: Fit
) -> None:
    everyone, factors = np.arange(len(rows)), np.array([0.5, 1.5, 0.7, 2.0])
    believed = belief(familiarity(counts, everyone, everyone), HALF)
    assert np.allclose(believed, 0.5)
    scores = score(counts, fitted, everyone, believed)
    student = LinearStudent(weights(counts, fitted, NAMES, "es", (), factors, HALF))
    expected = softmax(np.tensordot(factors, scores, 1), 1.0)
    assert np.allclose(student.probabilities([row.text for row in rows]), expected, atol=1e-6)


def test_in_english_too_folds_are_scored_as_the_student_would_answer() -> None:
    texts = ["shipping pls", "do u ship it tmrw", "whats the price", "how much is the order"]
    names, intents, everyone = ["price", "shipping"], np.array([1, 1, 0, 0]), np.arange(4)
    counts = count([tokens(text, "en") for text in texts], "en")
    [found] = fit(counts, intents, np.ones((4, 1), dtype=bool), by_name(names, "en"), 0)
    factors = np.array([0.5, 1.5, 0.7, 2.0])
    expected = np.tensordot(factors, score(counts, found, everyone, np.ones(4)), 1)
    student = LinearStudent(weights(counts, found, names, "en", (), factors, 1.0))
    assert np.allclose(student.probabilities(texts), softmax(expected, 1.0), atol=1e-6)


def test_an_intent_of_which_a_fit_was_shown_nothing_comes_last(
    counts: Counts, intents: Places
) -> None:
    scores = score(
        counts, without(0, counts, intents), np.arange(len(intents)), np.ones(len(intents))
    )
    assert (scores.argmin(axis=2) == 0).all()
    assert np.allclose(scores[:, :, 0], scores[:, :, 1:].min(axis=2) - 1)


@pytest.mark.parametrize("many", [100, 300], ids=["two fits at once", "one by one"])
def test_of_many_intents_each_fit_is_of_what_it_was_shown(many: int) -> None:
    intents = np.repeat(np.arange(many), 2)
    counts = count([[chr(ord("a") + intent % 26)] for intent in intents], "es")
    shown = intents[:, np.newaxis] % 5 != np.arange(5)
    fits = fit(counts, intents, shown, np.zeros((DIMENSIONS, many)), 0)
    assert [set(each.unseen % 5) for each in fits] == [{0}, {1}, {2}, {3}, {4}]


def test_a_piece_that_no_row_shown_holds_counts_for_nothing(
    counts: Counts, intents: Places
) -> None:
    """As it does to a student, which has never read it: the others then fill the row's length."""
    fitted, shown = without(0, counts, intents), intents != 0
    held = np.concatenate([block[shown].getnnz(axis=0) > 0 for block in counts.blocks])
    assert not held.all()
    assert ((fitted.idf > 0) == held).all()


@pytest.mark.parametrize(
    ("machine", "blocks"), [(0, "all"), (len(ON_ALL), "meaning")], ids=["all", "meaning alone"]
)
def test_the_joint_machines_weigh_their_blocks_as_scikit_learn_would(
    monkeypatch: pytest.MonkeyPatch, counts: Counts, intents: Places, machine: int, blocks: str
) -> None:
    to_the_end = partial(solve, settled=1e-5, rounds=500)
    monkeypatch.setattr("services.learning.recipe.fitting.solve", to_the_end)
    everyone = np.arange(len(intents))
    fitted = on_all(counts, intents)
    constant = np.full((len(intents), 1), math.sqrt(BIAS))
    if blocks == "all":
        scale = np.repeat(BLOCKS[:2], [block.shape[1] for block in counts.blocks])
        pieces = weigh(counts, fitted.idf, everyone).multiply(scale)
        read = hstack([pieces, counts.meanings * BLOCKS[2], constant]).tocsr()
    else:
        read = np.hstack([counts.meanings, constant])
    strength = (*ON_ALL, *ON_MEANING)[machine].strength
    theirs = LogisticRegression(C=strength, fit_intercept=False, tol=1e-8, max_iter=5000)
    theirs.fit(read, intents)

    ours = score(counts, fitted, everyone, np.ones(len(intents)))[machine]
    assert np.abs(centred(ours) - centred(read @ theirs.coef_.T)).max() < 0.01


def test_a_training_stops_near_the_optimum(
    monkeypatch: pytest.MonkeyPatch, counts: Counts, intents: Places, fitted: Fit
) -> None:
    everyone, believed = np.arange(len(intents)), np.ones(len(intents))
    soon = score(counts, fitted, everyone, believed)
    to_the_end = partial(solve, settled=1e-5, rounds=500)
    monkeypatch.setattr("services.learning.recipe.fitting.solve", to_the_end)
    late = score(counts, on_all(counts, intents), everyone, believed)
    for ours, best in zip(soon[:-1], late[:-1], strict=True):
        off = np.abs(centred(ours) - centred(best)).mean()
        assert off < 0.05 * np.abs(centred(best)).mean()


def centred(scores: Floats) -> Floats:
    """A softmax tells no difference."""
    means: Floats = scores.mean(axis=1, keepdims=True)
    return np.subtract(scores, means)


def test_where_errors_were_made_confidence_is_the_share_that_was_right() -> None:
    """They keep it down by themselves: of a hundred rows doubt would take another point."""
    truth = np.array([0] * 90 + [1] * 10)
    [factor] = blend(np.tile([1.0, 0.0], (1, 100, 1)), truth, 100)
    assert 1 / (1 + np.exp(-factor)) == pytest.approx(0.9, abs=0.002)


@pytest.mark.parametrize("intents", [2, 3])
@pytest.mark.parametrize("different", [8, 98])
def test_where_all_are_right_one_row_in_n_and_two_is_doubted(intents: int, different: int) -> None:
    scores = np.tile(1 + np.eye(intents)[0], (1, 98, 1))
    factors = blend(scores, np.zeros(98, dtype=np.int64), different)
    assert sure_of_the_first(scores, factors) == pytest.approx(1 - 1 / (different + 2), abs=1e-3)


def test_an_error_is_what_the_machines_name_together() -> None:
    """One that is alone in the wrong takes away no doubt."""
    scores = np.stack([np.tile(row, (8, 1)) for row in ([0.0, 0.1], [1.0, 0.0])])
    factors = blend(scores, np.zeros(8, dtype=np.int64), 8)
    assert sure_of_the_first(scores, factors) == pytest.approx(0.9, abs=1e-3)


def sure_of_the_first(scores: Floats, factors: Floats) -> float:
    return float(softmax(np.tensordot(factors, scores, 1), 1.0)[0, 0])
