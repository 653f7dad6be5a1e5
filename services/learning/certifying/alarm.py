"""Notices that a student is no longer as good as it was, by its newest graded turns alone.

The one-sided CUSUM of Page (Continuous inspection schemes, 1954) for right and wrong: rows that are
likelier where far too many are wrong push a sum up, the others pull it down, never under zero. It
only takes trust away, so it may look at every row; what a false alarm costs is a shop that asks the
teacher for some hundred turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from services.learning.certifying.evidence import Evidence
from services.learning.percent import percent, tenths

_WORSE = 0.15
"""How far under the target a student must be to be noticed for certain."""
_LIMIT = log(1_000)
"""A student that is right just as often as it must be is suspected once in 1,000 rows at the most
(Lorden, Procedures for reacting to a change in distribution, 1971); a better one hardly ever."""
_LOOKS_BACK = 300  # rows; what takes longer to show is for the certificate's own looks
_LEAST = 1e-3  # share of errors at a target of 100 %: one error alone then says nothing yet


@dataclass(frozen=True, slots=True)
class Alarm:
    """The newest rows that a threshold let pass, as few as say that too many of them are wrong."""

    rows: int
    right: int
    threshold: float
    target: float

    @property
    def why(self) -> str:
        """For people."""
        return (
            f"of the newest {self.rows} rows only {self.right} agree with their labels at "
            f"{tenths(self.threshold)}: too few for {percent(self.target)}, whatever came before"
        )


def alarm(evidence: Sequence[Evidence], threshold: float, target: float) -> Alarm | None:
    """An alarm if the newest rows say that answers are no longer right often enough.

    `evidence` comes the oldest first; `threshold` is the one in force.
    """
    wrong = max(1 - target, _LEAST)
    many = min(wrong + _WORSE, (1 + wrong) / 2)
    of_error, of_right = log(many / wrong), log((1 - many) / (1 - wrong))
    # A sum that is cut at zero is the largest of the sums over the newest n rows, for any n: so the
    # walk is backwards, to the first n whose sum reaches the limit.
    rows, right, weight = 0, 0, 0.0
    for row in reversed(evidence[-_LOOKS_BACK:]):
        if row.tested_confidence < threshold:
            continue
        rows, right = rows + 1, right + row.right
        weight += of_right if row.right else of_error
        if weight >= _LIMIT:
            return Alarm(rows, right, threshold, target)
    return None
