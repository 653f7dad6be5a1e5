"""The alarm notices a student that is no longer what it was, and hardly ever one that still is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.learning.certifying.alarm import alarm
from services.learning.certifying.evidence import Evidence

TARGET, THRESHOLD = 0.95, 0.8


def row(right: bool, sure: float = 0.9) -> Evidence:
    return Evidence("precio", sure, "precio" if right else "envio")


def rows_until_alarm(share_right: float, dealer: random.Random, most: int) -> int | None:
    """How many graded rows a student of this quality goes without an alarm; None: all of `most`."""
    seen: list[Evidence] = []
    for number in range(1, most + 1):
        seen.append(row(dealer.random() < share_right))
        if not seen[-1].right and alarm(seen, THRESHOLD, TARGET):  # a right row raises none
            return number
    return None


@pytest.mark.parametrize(("share_right", "at_most"), [(0.5, 20), (0.8, 90)])
def test_a_student_that_fell_far_is_noticed_within_some_rows(
    share_right: float, at_most: int
) -> None:
    taken = sorted(
        rows_until_alarm(share_right, random.Random(n), 2_000) or 2_000 for n in range(50)
    )
    assert taken[25] <= at_most


def test_a_student_that_is_just_good_enough_is_seldom_suspected() -> None:
    runs = [rows_until_alarm(TARGET, random.Random(seed), 300) for seed in range(100)]
    assert sum(run is not None for run in runs) <= 15


def test_the_alarm_names_the_rows_that_raised_it() -> None:
    found = alarm([row(True)] * 200 + [row(False)] * 6, THRESHOLD, TARGET)
    assert found is not None
    assert (found.right, found.threshold) == (0, THRESHOLD)
    assert found.why == (
        "of the newest 5 rows only 0 agree with their labels at 80%: too few for 95%, "
        "whatever came before"
    )


def test_a_row_that_just_passes_the_threshold_has_a_say() -> None:
    assert alarm([row(False, sure=THRESHOLD)] * 6, THRESHOLD, TARGET) is not None


def test_old_errors_are_forgotten() -> None:
    assert alarm([row(False)] * 6 + [row(True)] * 40, THRESHOLD, TARGET) is None


def test_what_takes_longer_than_300_rows_to_show_is_left_to_the_looks() -> None:
    """One error in seven rows shows within 140 of them; one in eight would within 304."""
    often = [row(False), *[row(True)] * 6]
    seldom = [row(False), *[row(True)] * 7]
    assert alarm(often * 20, THRESHOLD, TARGET) is not None
    assert alarm(seldom * 60, THRESHOLD, TARGET) is None


@given(st.lists(st.booleans(), max_size=60))
def test_rows_under_the_threshold_have_no_say(right: list[bool]) -> None:
    assert alarm([row(each, sure=0.79) for each in right], THRESHOLD, TARGET) is None


@given(st.integers(0, 300), st.lists(st.sampled_from([True] * 5 + [False]), max_size=60))
def test_a_right_row_raises_no_alarm_that_was_not_there_before_it(
    first: int, then: list[bool]
) -> None:
    rows = [row(right) for right in [*[True] * first, *then]]
    before, after = (alarm(each, THRESHOLD, TARGET) for each in (rows, [*rows, row(True)]))
    assert after is None or before is not None


@given(st.integers(0, 400), st.floats(0.5, 1.0))
def test_right_rows_raise_no_alarm(rows: int, target: float) -> None:
    assert alarm([row(True)] * rows, THRESHOLD, target) is None
