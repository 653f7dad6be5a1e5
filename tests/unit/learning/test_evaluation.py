"""The figures of an evaluation, on cases small enough to count by hand."""

import numpy as np
import pytest

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.judging.evaluation import (
    Guesses,
    evaluate,
    guesses_on,
    point,
    risk_coverage,
    threshold_for,
)
from services.learning.measures import measure
from services.learning.student import Example

NAMES = ("a", "b")


def guesses_of(*rows: tuple[float, str]) -> Guesses:
    """Rows of two intents: the probability of `a`, and the true intent."""
    probabilities = np.array([[sure, 1 - sure] for sure, _ in rows])
    return guesses_on(NAMES, probabilities, [Example("?", truth) for _, truth in rows], set(NAMES))


FIVE = guesses_of((0.99, "a"), (0.95, "a"), (0.9, "b"), (0.85, "a"), (0.6, "b"))
"""Right, right, wrong, right, wrong, from the surest on."""


def test_the_threshold_is_the_lowest_that_reaches_the_target() -> None:
    assert threshold_for(0.95, FIVE) == 0.95
    assert threshold_for(0.7, FIVE) == 0.85  # 3 of 4, though 2 of 3 before it fell short
    assert threshold_for(0.6, FIVE) == 0.6


def test_no_threshold_reaches_what_the_surest_row_misses() -> None:
    assert threshold_for(0.95, guesses_of((0.9, "b"), (0.8, "a"))) is None


def test_equally_sure_rows_are_accepted_together_or_not_at_all() -> None:
    assert threshold_for(0.95, guesses_of((0.9, "a"), (0.9, "b"), (0.9, "a"))) is None


def test_where_every_row_reaches_the_target_none_speaks_against_the_fixed_threshold() -> None:
    """Else a student that knows all its examples would be asked to be surer than of any of them."""
    assert threshold_for(0.95, guesses_of((0.9999, "a"), (0.999, "a"))) == 0.8
    assert threshold_for(0.95, guesses_of((0.9999, "a"), (0.7, "a"))) == 0.7
    assert threshold_for(0.95, guesses_of((0.9999, "a"), (0.999, "b"))) == 0.9999


def test_no_threshold_is_lower_than_a_service_goes() -> None:
    unsure = guesses_on(
        ("a", "b", "c", "d", "e"), np.full((9, 5), 0.2), [Example("?", "a")] * 9, {"a"}
    )
    assert threshold_for(0.95, unsure) == 0.3
    rows = [Example("?", "a")] * 90 + [Example("?", "b")] * 10
    low, wrong = np.tile([0.25, 0.05], (90, 1)), np.tile([0.35, 0.05], (10, 1))
    misleading = guesses_on(("a", "b"), np.vstack([low, wrong]), rows, {"a", "b"})
    assert threshold_for(0.85, misleading) is None, "at 0.3 none of those that it accepts is right"


def test_a_threshold_is_inclusive_and_says_what_it_accepts() -> None:
    found = point(FIVE, 0.7, 0.85)
    assert (found.coverage, found.precision) == (0.8, 0.75)
    assert (found.coverage_of_all, found.precision_of_all) == (0.8, 0.75)
    assert found.false_accepts is None


def test_without_a_threshold_nothing_is_answered_alone() -> None:
    found = point(FIVE, 0.95, None)
    assert (found.coverage, found.precision) == (0.0, None)


def test_a_models_own_figures_leave_to_the_teacher_what_it_names_out_of_scope() -> None:
    sure = np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.7, 0.3]])
    found = measure(sure, np.array([0, 1, 0, 0]), ("a", OUT_OF_SCOPE))
    assert (found.threshold, found.coverage, found.covered_precision) == (0.8, 0.25, 1.0)
    assert found.accuracy == 0.75


def test_risk_is_the_share_of_errors_among_the_surest() -> None:
    assert risk_coverage(FIVE.sure, FIVE.right) == pytest.approx([0, 0, 1 / 3, 1 / 4, 2 / 5])


def test_equally_sure_rows_share_their_errors_whatever_their_order() -> None:
    sure = np.array([0.9, 0.9, 0.5])
    one, other = np.array([True, False, True]), np.array([False, True, True])
    assert risk_coverage(sure, one) == pytest.approx([1 / 2, 1 / 2, 1 / 3])
    assert risk_coverage(sure, other) == pytest.approx(risk_coverage(sure, one))


def strangers() -> tuple[Guesses, list[Example]]:
    """Out of scope is a class here; `c` is an intent that was never taught."""
    rows = [
        Example("1", "a"),
        Example("2", OUT_OF_SCOPE),
        Example("3", OUT_OF_SCOPE),
        Example("4", "c"),
        Example("5", "b"),
    ]
    probabilities = np.array(
        [[0.02, 0.9, 0.08], [0.95, 0.03, 0.02], [0.1, 0.85, 0.05], [0.3, 0.3, 0.4], [0.9, 0.1, 0]]
    )
    return guesses_on((OUT_OF_SCOPE, "a", "b"), probabilities, rows, {"a", "b", OUT_OF_SCOPE}), rows


def test_what_is_named_out_of_scope_is_never_answered_alone() -> None:
    guesses, _ = strangers()
    assert guesses.sure.tolist() == [0.9, 0.0, 0.85, 0.4, 0.0]


def test_rows_out_of_scope_count_against_precision_of_all_but_not_in_scope() -> None:
    guesses, _ = strangers()
    found = point(guesses, None, 0.8)
    assert (found.coverage, found.precision) == (0.5, 1.0)
    assert (found.coverage_of_all, found.precision_of_all) == (0.4, 0.5)
    assert found.false_accepts == pytest.approx(1 / 3)


def test_figures_of_rows_in_and_out_of_scope() -> None:
    guesses, rows = strangers()
    found = evaluate(guesses, FIVE, rows=rows, also_in_training=2, left_out=["d"], targets=[0.95])
    assert (found.training_rows, found.rows) == (5, 5)
    assert (found.in_scope, found.out_of_scope) == (2, 3)
    assert found.unknown == {"c": 1}
    assert found.left_out == ("d",)
    assert found.also_in_training == 2
    assert found.accuracy == 0.5  # `b` was named out of scope
    assert found.macro_f1 == 0.5
    assert found.ece == pytest.approx(0.4)  # both at 0.9, one of them right
    assert found.risk_coverage_area == pytest.approx((0 + 1 / 2) / 2)
    assert found.out_of_scope_recall == pytest.approx(1 / 3)
    assert [each.threshold for each in found.points] == [0.8, 0.95]


def test_without_rows_in_scope_there_are_no_figures_of_them() -> None:
    rows = [Example("1", OUT_OF_SCOPE)]
    guesses = guesses_on(NAMES, np.array([[0.9, 0.1]]), rows, set(NAMES))
    found = evaluate(guesses, FIVE, rows=rows)
    assert (found.accuracy, found.macro_f1, found.ece, found.risk_coverage_area) == (None,) * 4
    assert found.out_of_scope_recall == 0.0
    assert found.points[0].false_accepts == 1.0


def test_an_intent_that_was_taught_but_not_learned_is_in_scope_and_missed() -> None:
    guesses = guesses_on(NAMES, np.array([[0.9, 0.1]]), [Example("1", "d")], {*NAMES, "d"})
    assert guesses.known.tolist() == [True]
    assert guesses.right.tolist() == [False]
