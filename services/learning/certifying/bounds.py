"""Exact bounds on a share that was seen in a sample (Clopper and Pearson, Biometrika 26, 1934)."""

from bisect import bisect_left
from functools import cache
from math import ceil, log

from scipy.special import betaincinv


def lower_bound(right: int, rows: int, level: float) -> float:
    """The share that the true one falls under with probability `level` at the most; 0 of no rows.

    `right` of `rows` independent rows were right.
    """
    if right == 0:
        return 0.0
    return float(betaincinv(right, rows - right + 1, level))


def upper_bound(right: int, rows: int, level: float) -> float:
    """The share that the true one exceeds with probability `level` at the most; 1 of no rows."""
    if right == rows:
        return 1.0
    return float(betaincinv(right + 1, rows - right, 1 - level))


@cache
def rows_needed(target: float, level: float, errors: int = 0) -> int:
    """The fewest rows that can show `target` at `level` when `errors` of them are wrong."""
    fewest = max(errors + 1, ceil(log(level) / log(target)))

    def shows(more: int) -> bool:
        return lower_bound(fewest + more - errors, fewest + more, level) >= target

    # The bound rises with the rows: double until it is enough, then halve the way back.
    enough = 1
    while not shows(enough):
        enough *= 2
    return fewest + bisect_left(range(enough), True, key=shows)
