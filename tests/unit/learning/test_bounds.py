import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from services.learning.certifying.bounds import lower_bound, rows_needed, upper_bound


@pytest.mark.parametrize(
    ("target", "errors", "rows"), [(0.95, 0, 59), (0.95, 1, 93), (0.85, 0, 19), (0.98, 0, 149)]
)
def test_rows_that_a_target_needs_at_five_percent(target: float, errors: int, rows: int) -> None:
    assert rows_needed(target, 0.05, errors) == rows
    assert lower_bound(rows - errors, rows, 0.05) >= target
    assert lower_bound(rows - 1 - errors, rows - 1, 0.05) < target


@given(
    st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))),
    st.floats(0.001, 0.2),
)
def test_a_bound_is_where_the_sample_becomes_as_unlikely_as_its_level(
    seen: tuple[int, int], level: float
) -> None:
    right, rows = seen
    low, high = lower_bound(right, rows, level), upper_bound(right, rows, level)
    assert low <= right / rows <= high
    if right:
        assert binom.sf(right - 1, rows, low) == pytest.approx(level, rel=1e-6)
    if right < rows:
        assert binom.cdf(right, rows, high) == pytest.approx(level, rel=1e-6)


def test_no_rows_show_nothing() -> None:
    assert (lower_bound(0, 0, 0.05), upper_bound(0, 0, 0.05)) == (0.0, 1.0)
