"""What the evidence shows of a student at a threshold, as figures for people and monitors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.learning.certifying.bounds import lower_bound
from services.learning.certifying.checked import checks, precision, precision_bound
from services.learning.certifying.evidence import Evidence
from services.learning.measures import calibration_error


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures of graded turns; shares in [0, 1], None of no rows.

    `answered_alone` is the share of the turns that the threshold, or a rule, accepts. Of those,
    `agreement` is the share of which the teacher says the same, whatever a person said later, and
    `agreement_bound` what it is at least. Only `precision` and its bound are about the truth; None
    until a person has checked an agreement. `ece` is over all rows.
    """

    rows: int
    accepted: int
    answered_alone: float | None
    agreement: float | None
    agreement_bound: float | None
    checked: int
    precision: float | None
    precision_bound: float | None
    ece: float | None


def show(evidence: Sequence[Evidence], threshold: float, level: float) -> Shown:
    """The figures at a threshold; bounds hold with probability 1 - `level` each, seen once.

    The certificate's own bound is a stricter one: it may be looked at again and again.
    """
    accepted = [row for row in evidence if row.is_alone(threshold)]
    agreed = sum(row.agreed for row in accepted)
    return Shown(
        rows=len(evidence),
        accepted=len(accepted),
        answered_alone=_share(len(accepted), len(evidence)),
        agreement=_share(agreed, len(accepted)),
        agreement_bound=lower_bound(agreed, len(accepted), level) if accepted else None,
        checked=len(checks(accepted)),
        precision=precision(accepted),
        precision_bound=precision_bound(accepted, level),
        ece=_ece(evidence),
    )


def _ece(evidence: Sequence[Evidence]) -> float | None:
    if not evidence:
        return None
    sure = np.array([row.confidence for row in evidence])
    right = np.array([row.said == row.label for row in evidence])
    return calibration_error(sure, right)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
