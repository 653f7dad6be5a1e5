"""How much of a text is known, and what it counts when that is little."""

import math

import numpy as np
import pytest

from services.learning.recipe.counting import count
from services.learning.recipe.familiarity import (
    belief,
    enough_of,
    familiarity,
    held_out_familiarity,
)


def share(text: str, *known: str) -> float:
    counts = count([one.split() for one in [*known, text]], "es")
    [found] = familiarity(counts, np.array([len(known)]), np.arange(len(known)))
    return float(found)


def test_what_was_learned_is_known_and_what_shares_no_letters_is_not() -> None:
    assert share("hola", "hola") == pytest.approx(1)
    assert share("qwz", "hola") == 0


def test_a_number_adds_nothing_to_what_is_known() -> None:
    assert share("0000", "hola 0000") == 0
    assert share("qwz 0000", "hola 0000") == 0
    assert share("hola 0000", "hola") == pytest.approx(1)


def test_groups_count_by_their_weight_and_unknown_ones_as_the_rarest() -> None:
    # Of " a ", " a" and "a " are known from "ab" and "ba", each from one row of two.
    known = 2 * (math.log(3 / 2) + 1) ** 2
    unknown = (math.log(3) + 1) ** 2  # " a " itself
    assert share("a", "ab", "ba") == pytest.approx(known / (known + unknown))


def test_a_row_is_compared_with_the_other_folds_alone() -> None:
    counts = count([["hola"], ["hola"], ["adios"], ["adios"]], "es")
    found = held_out_familiarity(counts, np.array([0, 1, 2, 2]))
    assert found[:2] == pytest.approx([1, 1])
    assert (found[2:] < 0.2).all()


def test_what_is_known_less_than_nine_rows_in_ten_is_believed_in_proportion() -> None:
    enough = enough_of(np.linspace(0.1, 1.1, 11))
    assert enough == pytest.approx(0.2)
    assert belief(np.array([0.0, 0.1, 0.2, 0.9]), enough) == pytest.approx([0, 0.5, 1, 1])


def test_rows_of_which_nothing_is_known_do_not_make_whatever_is_written_believed() -> None:
    assert enough_of(np.array([0.0] * 9 + [0.4])) == pytest.approx(0.4)
    assert belief(np.array([0.0, 0.5]), enough_of(np.zeros(9))) == pytest.approx([0, 0.5])


def test_a_repeated_group_counts_by_its_squared_weight() -> None:
    known = 14 * (1 + math.log(2)) ** 2  # the groups of " hola ", twice each
    unknown = 10 * (math.log(2) + 1) ** 2  # those of " qwz ", once each
    assert share("hola hola qwz", "hola") == pytest.approx(known / (known + unknown))
