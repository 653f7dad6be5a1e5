"""Both kinds of machines reach the optima that scikit-learn's solvers reach on the same rows."""

import tracemalloc
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from services.learning.arrays import Floats, Mask, Places, Singles
from services.learning.grams import letter_groups, stem, stem_pieces
from services.learning.normalise import tokens
from services.learning.recipe.counting import count
from services.learning.recipe.fitting import ON_ALL, blend
from services.learning.recipe.machines import Apart, Block, Joint, Machine
from services.learning.recipe.solver import BIAS, solve, table_of
from services.learning.student import softmax

FULL = 5
BOTH = pytest.mark.parametrize("machine", ON_ALL, ids=lambda machine: type(machine).__name__)


def drawn(seed: int, intents: int = 4, rows: int = 90) -> tuple[csr_matrix, Places]:
    """Rows of length 1 in 30 columns, each intent leaning on columns of its own."""
    dealer = np.random.default_rng(seed)
    truth = np.arange(rows) % intents
    dense = dealer.random((rows, 30)) * (dealer.random((rows, 30)) < 0.3)
    dense[np.arange(rows), truth] += dealer.random(rows)
    dense[:, -1] += 0.01  # no empty row
    return csr_matrix(dense / np.linalg.norm(dense, axis=1, keepdims=True)), truth


def settled(
    machine: Machine, values: csr_matrix, truth: Places, shown: Mask | None = None
) -> list[Floats]:
    """Scores by a machine that was given the time to settle, of each fit; one on all rows, if no
    rows are said to be `shown`. Some columns are given as full.
    """
    shown = np.ones((len(truth), 1), dtype=bool) if shown is None else shown
    sparse = values.shape[1] - FULL
    table = table_of(values[:, :sparse], values[:, sparse:].toarray(), truth, seed=0)
    found = solve(machine, table, shown, seed=0, settled=1e-5, rounds=300)
    return [values @ np.concatenate([fit.weights, fit.full]) + fit.intercepts for fit in found]


def with_constant(values: csr_matrix) -> csr_matrix:
    return hstack([values, np.full((values.shape[0], 1), np.sqrt(BIAS))], format="csr")


@given(seed=st.integers(0, 10_000), intents=st.integers(3, 6))
@settings(max_examples=15)
def test_the_joint_machine_is_multinomial_logistic_regression(seed: int, intents: int) -> None:
    values, truth = drawn(seed, intents)
    theirs = LogisticRegression(
        solver="newton-cg", C=Joint().strength, fit_intercept=False, tol=1e-8, max_iter=5_000
    )
    expected = theirs.fit(with_constant(values), truth).predict_proba(with_constant(values))
    [scores] = settled(Joint(), values, truth)
    found = softmax(scores, 1.0)
    assert np.allclose(found, expected, rtol=0, atol=5e-3)


@given(seed=st.integers(0, 10_000), intents=st.integers(3, 6))
@settings(max_examples=15)
def test_the_machines_apart_are_linear_support_vector_machines(seed: int, intents: int) -> None:
    values, truth = drawn(seed, intents)
    theirs = LinearSVC(C=Apart().cost, fit_intercept=False, tol=1e-8, max_iter=100_000)
    expected = theirs.fit(with_constant(values), truth).decision_function(with_constant(values))
    [scores] = settled(Apart(), values, truth)
    assert np.allclose(scores, expected, rtol=0, atol=5e-3)


@pytest.fixture(params=[0, 1_000], ids=["in columns", "in products"])
def sums(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are summed in either way, however few they are."""
    monkeypatch.setattr("services.learning.recipe.sums.FEW", request.param)


@BOTH
@pytest.mark.usefixtures("sums")
def test_fits_that_are_solved_together_are_those_of_the_rows_that_each_was_shown(
    machine: Machine,
) -> None:
    values, truth = drawn(3)
    shown = np.random.default_rng(4).random((len(truth), 3)) < 0.8
    for fit, rows in zip(settled(machine, values, truth, shown), shown.T, strict=True):
        [expected] = settled(machine, values[rows], truth[rows])
        assert np.allclose(fit[rows], expected, rtol=0, atol=5e-3)


@BOTH
def test_sums_in_columns_and_in_products_lead_to_the_same_optimum(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    values, truth = drawn(5)
    in_products = settled(machine, values, truth)
    monkeypatch.setattr("services.learning.recipe.sums.FEW", 0)
    assert np.allclose(settled(machine, values, truth), in_products, rtol=0, atol=5e-3)


@BOTH
@pytest.mark.usefixtures("sums")
def test_what_a_fit_is_not_shown_teaches_it_nothing(machine: Machine) -> None:
    """Nor does a fit without rows, or without an intent's, disturb those beside it."""
    values, truth = drawn(7)
    shown = np.stack([truth > 0, truth == 2, truth < 0], axis=1)
    lacking, one, empty = settled(machine, values, truth, shown)
    assert (lacking[:, 0] < lacking[:, 1:].max(axis=1)).all()
    assert (one.argmax(axis=1) == 2).all()
    assert not empty.any()


@BOTH
def test_rows_that_are_all_alike_do_not_make_a_machine_overshoot(machine: Machine) -> None:
    values, truth = csr_matrix(np.full((200, FULL + 1), (FULL + 1) ** -0.5)), np.arange(200) % 2
    [scores] = settled(machine, values, truth)
    assert np.abs(scores).max() < 0.1


def test_the_blend_leans_on_the_machine_that_knows() -> None:
    dealer = np.random.default_rng(0)
    truth = dealer.integers(0, 3, 300)
    knows = np.eye(3)[truth] + dealer.normal(0, 0.5, (300, 3))
    guesses = dealer.normal(0, 1, (300, 3))
    factors = blend(np.stack([guesses, knows]), truth, len(truth))
    assert factors[1] > 2
    assert factors[0] < 0.5


def test_a_machine_that_is_always_wrong_hardly_counts_but_is_not_turned_around() -> None:
    truth = np.arange(300) % 3
    [factor] = blend(-np.eye(3)[truth][np.newaxis], truth, len(truth))
    assert 0 < factor < 0.1


def stems_of(words: list[str]) -> list[str]:
    return stem_pieces([stem(word, "es") for word in words])


def letters_of(words: list[str]) -> list[str]:
    return list(chain.from_iterable(map(letter_groups, words)))


@given(st.lists(st.lists(st.sampled_from(["hola", "q", "precio", "holaaa", "?", "10"]))))
@settings(max_examples=50)
def test_counting_a_table_counts_what_a_text_alone_is_cut_into(words: list[list[str]]) -> None:
    texts = [" ".join(line) for line in words]
    counts = count([tokens(text) for text in texts], "es")
    first = 0
    for cut, table, vocabulary in zip(
        (stems_of, letters_of), counts.blocks, counts.vocabularies, strict=True
    ):
        for text, row in zip(texts, table.toarray(), strict=True):
            found = {piece: row[at - first] for piece, at in vocabulary.items() if row[at - first]}
            assert found == Counter(cut(tokens(text)))
        first += len(vocabulary)


@dataclass(frozen=True, slots=True)
class Counted(Apart):
    """Notes how many rows each step is taken for."""

    steps: list[int] = field(default_factory=list)

    def direction(self, scores: Singles, duals: Singles, block: Block) -> Singles:
        self.steps.append(len(scores))
        return Apart.direction(self, scores, duals, block)


@pytest.mark.parametrize(
    ("rows", "size", "rounds"),
    [(90, 16, 20), (4_800, 400, 20), (25_000, 512, 10), (60_000, 512, 5)],
)
def test_the_more_rows_the_larger_the_blocks_and_the_fewer_the_rounds(
    rows: int, size: int, rounds: int
) -> None:
    values, truth = csr_matrix(np.ones((rows, 1))), np.arange(rows) % 2
    table, machine = table_of(values, np.zeros((rows, 0), np.float32), truth, seed=0), Counted()
    solve(machine, table, np.ones((rows, 1), dtype=bool), seed=0, settled=0.0)
    assert sum(machine.steps) == rows * rounds
    assert max(machine.steps) == size


def test_a_machine_that_settles_takes_no_more_rounds() -> None:
    values, truth = drawn(0)
    table, machine = (
        table_of(values, np.zeros((len(truth), 0), np.float32), truth, seed=0),
        Counted(),
    )
    solve(machine, table, np.ones((len(truth), 1), dtype=bool), seed=0)
    assert len(truth) < sum(machine.steps) < 20 * len(truth)


def test_the_products_of_many_rows_are_not_kept() -> None:
    values, truth = csr_matrix(np.ones((6_000, 1))), np.arange(6_000) % 2
    tracemalloc.start()
    try:
        table_of(values, np.zeros((6_000, 0), np.float32), truth, seed=0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6_000**2  # bytes; in single precision they are four times that


def test_however_sure_the_joint_machine_is_of_an_error_it_turns_back() -> None:
    truth, scores = (np.array([[row]], dtype=np.float32) for row in ([0, 1], [200, 0]))
    block = Block(truth, np.ones((1, 1, 1), dtype=np.float32))
    [[[wrong, right]]] = Joint().direction(scores, np.zeros_like(scores), block)
    assert wrong < 0 < right


def test_a_fit_that_goes_too_far_cuts_no_other_fits_step() -> None:
    truth = np.array([[[0, 1]]], dtype=np.float32)
    step = np.array([[[-0.01, 0.01], [-5, 5]]], dtype=np.float32)
    block = Block(truth, np.ones((1, 1, 1), dtype=np.float32))
    nothing = np.zeros_like(step)
    [[small], [large]] = Joint().length(nothing, nothing, block, step, step[0] ** 2)
    assert small == 1
    assert large < 1


def test_a_step_of_a_machine_apart_is_cut_to_where_its_dual_is_highest() -> None:
    block = Block(*np.ones((2, 1, 1, 1), dtype=np.float32))
    nothing = np.zeros((1, 1, 1), dtype=np.float32)
    best = Apart().direction(nothing, nothing, block)
    twice = 2 * best
    [[share]] = Apart().length(nothing, nothing, block, twice, twice[0] ** 2)
    assert share == 0.5
