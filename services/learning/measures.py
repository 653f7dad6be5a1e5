"""How good predictions are: accuracy, calibration, and what a threshold accepts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from contracts.catalogue import OUT_OF_SCOPE
from contracts.manifest import IntentMeasures, Measures
from services.learning.arrays import Floats, Mask, Places

THRESHOLD = 0.8
BINS = 10


def measure(probabilities: Floats, truth: Places, intents: Sequence[str]) -> Measures:
    """Figures of out-of-fold probabilities (rows, intents) against the true places in `intents`.

    The threshold is inclusive; what is named out of scope is accepted by none. Macro-F1 is over the
    intents that occur in `truth`.
    """
    said, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = said == truth
    accepted = (sure >= THRESHOLD) & (np.array(intents)[said] != OUT_OF_SCOPE)
    per_intent = {name: _intent(said, truth, place) for place, name in enumerate(intents)}
    return Measures(
        rows=len(truth),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean([each.f1 for each in per_intent.values() if each.rows])),
        ece=calibration_error(sure, right),
        threshold=THRESHOLD,
        coverage=float(accepted.mean()),
        covered_precision=float(right[accepted].mean()) if accepted.any() else None,
        per_intent=per_intent,
    )


def calibration_error(sure: Floats, right: Mask) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over ten equal bins."""
    gaps = np.bincount(bins(sure), weights=sure - right, minlength=BINS)
    return float(min(1.0, np.abs(gaps).sum() / len(sure)))


def bins(sure: Floats) -> Places:
    """Which of the ten equal bins each confidence is in."""
    return np.minimum((sure * BINS).astype(np.int64), BINS - 1)


def lowest_threshold(sure: npt.NDArray[np.floating], right: Mask, target: float) -> float | None:
    """The lowest threshold (inclusive) whose accepted rows are right to this share; None: none is.

    Rows of confidence 0 are accepted by no threshold.
    """
    order = np.argsort(-sure, kind="stable")
    sure, right = sure[order], right[order]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    last_of_equals = np.append(sure[1:] < sure[:-1], True)[: len(sure)]
    passing = np.flatnonzero((precision >= target) & last_of_equals & (sure > 0))
    return float(sure[passing[-1]]) if len(passing) else None


def _intent(said: Places, truth: Places, place: int) -> IntentMeasures:
    hits = int(((said == place) & (truth == place)).sum())
    named, rows = int((said == place).sum()), int((truth == place).sum())
    return IntentMeasures(
        rows=rows,
        precision=hits / named if named else 0.0,
        recall=hits / rows if rows else 0.0,
        f1=2 * hits / (named + rows) if named + rows else 0.0,
    )
