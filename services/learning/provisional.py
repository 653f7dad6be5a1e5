"""Chooses a threshold for a target on honest scores, before anything is proven."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from services.learning.certificate import GRID
from services.learning.student import Floats

NOWHERE = 0.995
"""The threshold where no other reaches the target."""
_FEWEST = 5  # rows that a threshold must accept to be chosen
_PULL = 3.0
_EDGE = 1e-4


def choose(sure: Sequence[float], right: Sequence[bool], target: float) -> float:
    """The lowest threshold of the grid whose accepted rows are expected to be right so often.

    `sure` and `right` are of rows that the model could not learn from. With few rows the share of
    right ones jumps with each error, so the confidence is first corrected by a logistic curve
    (Platt 1999), which is pulled towards "it means what it says" as long as rows are few.
    """
    confidence = np.array(sure)
    acted = confidence > 0
    confidence = confidence[acted]
    expected = _corrected(confidence, np.array(right, dtype=float)[acted])
    chosen = NOWHERE
    for threshold in GRID:
        accepted = confidence >= threshold
        if accepted.sum() >= _FEWEST and expected[accepted].mean() >= target:
            chosen = threshold
    return chosen


def _corrected(confidence: Floats, right: Floats) -> Floats:
    inside = np.clip(confidence, _EDGE, 1 - _EDGE)
    odds = np.log(inside / (1 - inside))

    def loss(curve: Floats) -> float:
        score = curve[0] + curve[1] * odds
        pull = _PULL * (curve[0] ** 2 + (curve[1] - 1) ** 2) / 2
        return float(np.sum(np.logaddexp(0, score) - right * score) + pull)

    shift, slope = minimize(loss, [0.0, 1.0]).x
    corrected: Floats = 1 / (1 + np.exp(-(shift + slope * odds)))
    return corrected
