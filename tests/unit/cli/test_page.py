"""The page of an evaluation, on words that a student could have said."""

from pathlib import Path

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.cli.page import write_page
from services.learning.judging.evaluation import evaluate, guesses_on
from services.learning.judging.trial import Trial
from services.learning.student import Example

LONG = "cuánto cuesta " * 15


def page(folder: Path, rows: list[Example], probabilities: list[list[float]]) -> str:
    """The page of what a student of `a`, a long name and out of scope said of the rows."""
    names = ("a", LONG, OUT_OF_SCOPE)
    guesses = guesses_on(names, np.array(probabilities), rows, set(names))
    trial = Trial(evaluate(guesses, guesses, rows=rows), 1, 1, 1, guesses, tuple(rows))
    return write_page(folder, trial, "rows").read_text(encoding="utf-8")


def test_what_is_not_the_shops_is_no_mistake_where_it_is_named_out_of_scope(tmp_path: Path) -> None:
    rows = [Example("un tractor", "new"), Example("otra cosa", "new"), Example("adiós", "a")]
    shown = page(tmp_path, rows, [[0.1, 0, 0.9], [0.9, 0, 0.1], [0.2, 0, 0.8]])
    assert "<td>un tractor</td>" not in shown
    assert "<td>otra cosa</td><td>new</td><td>a</td>" in shown
    assert f"<td>adiós</td><td>a</td><td>{OUT_OF_SCOPE}</td>" in shown
    pairs = shown.partition("Most confused")[2].partition("Worst mistakes")[0]
    assert "<td>new</td><td>a</td><td>1</td>" in pairs
    assert f"<td>new</td><td>{OUT_OF_SCOPE}</td>" not in pairs


def test_a_long_name_leaves_room_for_the_matrix(tmp_path: Path) -> None:
    """matplotlib warns when it leaves none, and warnings are errors here."""
    rows = [Example("adiós", "a"), Example("el precio", LONG)]
    shown = page(tmp_path, rows, [[0.9, 0.1, 0], [0.9, 0.1, 0]])
    assert f">{LONG[:31]}…<" in shown
    assert f"<td>{LONG}</td>" in shown  # whole, where there is room


def test_thresholds_that_accept_the_same_rows_have_their_names_side_by_side(tmp_path: Path) -> None:
    shown = page(tmp_path, [Example("adiós", "a")], [[0.9, 0.1, 0]])
    assert ">0.8, for 95%, for 98%<" in shown
