"""What a student is worth on rows it never saw, as figures: pure functions of its guesses."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Mask, Places
from services.learning.certifying.certificate import GRID
from services.learning.measures import THRESHOLD, lowest_threshold, measure
from services.learning.student import Example

TARGETS = (0.95, 0.98)


@dataclass(frozen=True, slots=True)
class Guesses:
    """A student's guesses on rows: `probabilities` (rows, intents), `truth` places in `intents`.

    `known` marks the rows whose intent is one of the shop's that the training rows hold: the others
    are out of scope, whatever they are called.
    """

    intents: tuple[str, ...]
    probabilities: Floats = field(repr=False)
    truth: Places = field(repr=False)
    known: Mask = field(repr=False)

    @property
    def named(self) -> Places:
        """The likeliest intent of each row, as its place."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def right(self) -> Mask:
        """Whether the likeliest intent is the true one and one that can be acted upon."""
        return np.asarray((self.named == self.truth) & self.known)

    @property
    def sure(self) -> Floats:
        """Confidence with which a row would be answered alone: 0 for what is named out of scope."""
        names = np.array(self.intents)[self.named]
        return np.where(names == OUT_OF_SCOPE, 0.0, self.probabilities.max(axis=1))


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold (inclusive) lets the student answer alone; shares in [0, 1].

    `target` is the precision for which it was chosen, None for a fixed one; `threshold` None: no
    threshold reaches the target on the training rows, so nothing is answered alone. `coverage` and
    `precision` are of the rows in scope, `..._of_all` of all rows, where an accepted row out of
    scope is an error. `false_accepts` is the share of the rows out of scope that were accepted.
    A share of no rows is None.
    """

    target: float | None
    threshold: float | None
    coverage: float | None
    precision: float | None
    coverage_of_all: float | None
    precision_of_all: float | None
    false_accepts: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of one evaluation; accuracy, macro-F1, ECE and risk are of the rows in scope.

    `risk_coverage_area` is the mean share of errors among the surest rows, over all coverages
    (less is better). `out_of_scope_recall` is the share of the rows out of scope that the student
    itself named so. `unknown` counts rows of intents that the training rows don't hold;
    `also_in_training` counts test rows whose normalised text is a training row's.
    """

    training_rows: int
    rows: int
    in_scope: int
    out_of_scope: int
    unknown: dict[str, int]
    left_out: tuple[str, ...]
    also_in_training: int
    accuracy: float | None
    macro_f1: float | None
    ece: float | None
    risk_coverage_area: float | None
    out_of_scope_recall: float | None
    points: tuple[Point, ...]


def guesses_on(
    intents: Sequence[str], probabilities: Floats, rows: Sequence[Example], taught: set[str]
) -> Guesses:
    """The guesses of a student of `intents` on `rows`; `taught` are the training intents.

    An intent that was taught but not learned (too few texts), or never taught, has a column of
    zeros.
    """
    names = tuple(sorted({*intents, *(row.intent for row in rows)}))
    place = {name: number for number, name in enumerate(names)}
    wide = np.zeros((len(rows), len(names)))
    wide[:, [place[name] for name in intents]] = probabilities
    return Guesses(
        intents=names,
        probabilities=wide,
        truth=np.array([place[row.intent] for row in rows], dtype=np.int64),
        known=np.array([row.intent in taught - {OUT_OF_SCOPE} for row in rows], dtype=bool),
    )


def threshold_for(target: float, guesses: Guesses) -> float | None:
    """The lowest threshold at which `target` of the accepted rows are right; None: there is none.

    Meant for out-of-fold guesses on training rows: test rows must not choose. Where all of them
    together reach it, none speaks against the fixed threshold: the least sure one may be surer yet.
    Never under the lowest threshold that a service would go down to.
    """
    found = lowest_threshold(guesses.sure, guesses.right, target)
    acted = guesses.sure >= GRID[-1]
    if found is None or not acted.any():
        return found and GRID[-1]
    sure, right = guesses.sure[acted], guesses.right[acted]
    if right.mean() < target:
        return lowest_threshold(sure, right, target)
    less_sure = (guesses.sure[guesses.sure > 0] < sure.min()).any()
    return GRID[-1] if less_sure else min(float(sure.min()), THRESHOLD)


def points(guesses: Guesses, chosen: Sequence[tuple[float, float | None]]) -> tuple[Point, ...]:
    """The fixed threshold, then each target with the threshold that was chosen for it."""
    fixed = point(guesses, None, THRESHOLD)
    return (fixed, *(point(guesses, target, threshold) for target, threshold in chosen))


def point(guesses: Guesses, target: float | None, threshold: float | None) -> Point:
    """What `threshold` does on these rows."""
    accepted = guesses.sure >= threshold if threshold is not None else np.zeros_like(guesses.known)
    return Point(
        target=target,
        threshold=threshold,
        coverage=_share(accepted[guesses.known]),
        precision=_share(guesses.right[accepted & guesses.known]),
        coverage_of_all=_share(accepted),
        precision_of_all=_share(guesses.right[accepted]),
        false_accepts=_share(accepted[~guesses.known]),
    )


def risk_coverage(sure: Floats, right: Mask) -> Floats:
    """Share of errors among the k surest rows, for k = 1 .. rows; equally sure ones count alike."""
    order = np.argsort(-sure, kind="stable")
    _, group = np.unique(-sure[order], return_inverse=True)
    wrong = (~right[order]).astype(float)
    of_group = np.bincount(group, weights=wrong) / np.bincount(group)
    risk: Floats = np.cumsum(of_group[group]) / np.arange(1, len(wrong) + 1)
    return risk


def evaluate(
    guesses: Guesses,
    out_of_fold: Guesses,
    *,
    rows: Sequence[Example],
    also_in_training: int = 0,
    left_out: Sequence[str] = (),
    targets: Sequence[float] = TARGETS,
) -> Evaluation:
    """Figures of `guesses` on the test `rows`; thresholds come from `out_of_fold` alone.

    `also_in_training` test rows are known from the training.
    """
    known = guesses.known
    measures = (
        measure(guesses.probabilities[known], guesses.truth[known], guesses.intents)
        if known.any()
        else None
    )
    risk = risk_coverage(guesses.sure[known], guesses.right[known])
    named_out = np.array(guesses.intents)[guesses.named] == OUT_OF_SCOPE
    strangers = (row.intent for row, is_known in zip(rows, known, strict=True) if not is_known)
    chosen = [(target, threshold_for(target, out_of_fold)) for target in targets]
    return Evaluation(
        training_rows=len(out_of_fold.truth),
        rows=len(rows),
        in_scope=int(known.sum()),
        out_of_scope=int((~known).sum()),
        unknown=dict(sorted(Counter(name for name in strangers if name != OUT_OF_SCOPE).items())),
        left_out=tuple(left_out),
        also_in_training=also_in_training,
        accuracy=measures.accuracy if measures else None,
        macro_f1=measures.macro_f1 if measures else None,
        ece=measures.ece if measures else None,
        risk_coverage_area=float(risk.mean()) if len(risk) else None,
        out_of_scope_recall=_share(named_out[~known]),
        points=points(guesses, chosen),
    )


def _share(of: Mask) -> float | None:
    return float(of.mean()) if len(of) else None
