"""Decides whether what was learned from new rows may replace the model in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from contracts.manifest import Measures
from services.learning.fitting import count, temperature
from services.learning.folds import deal
from services.learning.measures import measure
from services.learning.normalise import normalise
from services.learning.student import Example, Floats, softmax
from services.learning.training import Progress, held_out_scores, learnable

Chosen = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much worse the challenger may look before it is refused; shares in [0, 1].

    An intent has collapsed when the challenger loses this share of its rows, and at least
    `collapse_rows` of them.
    """

    macro_f1: float = 0.01
    coverage: float = 0.05
    precision: float = 0.01
    collapse: float = 0.15
    collapse_rows: int = 3


_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Deltas:
    """Challenger minus champion on the same held-out rows; positive is better.

    `precision` is that of what 0.8 accepts, None when one of the two accepted nothing; `recall`
    and `rows` are by intent.
    """

    macro_f1: float
    coverage: float
    precision: float | None
    recall: dict[str, float]
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Promote:
    """Within the limits, the challenger is no worse on the known rows, nor on all rows."""

    reason: str
    known: Deltas
    whole: Deltas


@dataclass(frozen=True, slots=True)
class Refuse:
    """The challenger is worse, and the reason says where; or there is nothing new to judge."""

    reason: str
    known: Deltas | None = None
    whole: Deltas | None = None


def compare(
    known: Sequence[Example],
    new: Sequence[Example],
    *,
    language: str = "es",
    seed: int = 0,
    limits: Limits = _LIMITS,
    progress: Progress = lambda _stage, _share: None,
) -> Promote | Refuse:
    """`known`: the rows the champion learned from; `new`: those the challenger has besides.

    In each fold both are refitted without the fold and judged on it, so neither sees what it is
    judged on. Raises TrainingDataError when the known rows teach nothing.
    """
    taught, _ = learnable(known, language)
    _, left_out = learnable([*taught, *new], language)
    added = [row for row in new if row.intent not in left_out]
    if not added:
        return Refuse("Refused: there is nothing new to learn from.")
    rows = [*taught, *added]
    is_known = np.arange(len(rows)) < len(taught)
    intents = sorted({row.intent for row in rows})
    truth = np.array([intents.index(row.intent) for row in rows])
    champion, challenger = _judged(rows, truth, is_known, language, seed, progress)
    everything = np.ones(len(rows), dtype=bool)
    known_deltas, whole_deltas = (
        _deltas(
            measure(champion[of], truth[of], intents), measure(challenger[of], truth[of], intents)
        )
        for of in (is_known, everything)
    )
    return verdict(known_deltas, whole_deltas, limits)


def verdict(known: Deltas, whole: Deltas, limits: Limits = _LIMITS) -> Promote | Refuse:
    """Promote unless one of the figures fell by more than its limit."""
    worse = _worse(known, limits, "the known rows") + _worse(whole, limits, "all rows")
    worse += [
        f"{name} collapsed ({delta:+.0%} recall)" for name, delta in _collapsed(known, limits)
    ]
    if worse:
        return Refuse(f"Refused: {'; '.join(worse)}.", known, whole)
    gains = f"macro-F1 {whole.macro_f1:+.1%}, coverage {whole.coverage:+.1%} on all rows"
    return Promote(f"Promoted: {gains}; within the limits on the known rows.", known, whole)


def _judged(
    rows: Sequence[Example],
    truth: npt.NDArray[np.int64],
    is_known: Chosen,
    language: str,
    seed: int,
    progress: Progress,
) -> tuple[Floats, Floats]:
    """Held-out probabilities of the champion's recipe and the challenger's, for all rows."""
    folds = _folds(rows, is_known, language, seed)
    counts = count([row.text for row in rows], language)
    judged = []
    for half, taught in enumerate((is_known, np.ones(len(rows), dtype=bool))):
        scores = held_out_scores(
            counts, truth, folds, int(truth.max()) + 1, taught=taught, seed=seed,
            progress=partial(_half_way, progress, half),
        )  # fmt: skip
        judged.append(softmax(scores, temperature(scores[taught], truth[taught])))
    return judged[0], judged[1]


def _half_way(progress: Progress, half: int, stage: str, share: float) -> None:
    progress(stage, (half + share) / 2)


def _folds(
    rows: Sequence[Example], is_known: Chosen, language: str, seed: int
) -> npt.NDArray[np.int64]:
    """The known texts are dealt as in the champion's training, then the texts that are new."""
    texts = [normalise(row.text, language) for row in rows]
    intents = [row.intent for row in rows]
    fold: dict[str, int] = {}
    for part in (np.flatnonzero(is_known), np.flatnonzero(~is_known)):
        fresh = [place for place in part if texts[place] not in fold]
        dealt = deal([texts[at] for at in fresh], [intents[at] for at in fresh], seed=seed)
        fold |= {texts[at]: int(number) for at, number in zip(fresh, dealt, strict=True)}
    return np.array([fold[text] for text in texts])


def _deltas(champion: Measures, challenger: Measures) -> Deltas:
    before, after = champion.covered_precision, challenger.covered_precision
    return Deltas(
        macro_f1=challenger.macro_f1 - champion.macro_f1,
        coverage=challenger.coverage - champion.coverage,
        precision=None if before is None or after is None else after - before,
        recall={
            name: challenger.per_intent[name].recall - of.recall
            for name, of in champion.per_intent.items()
        },
        rows={name: of.rows for name, of in champion.per_intent.items()},
    )


def _worse(deltas: Deltas, limits: Limits, where: str) -> list[str]:
    figures = {
        "macro-F1": (deltas.macro_f1, limits.macro_f1),
        "coverage at 0.8": (deltas.coverage, limits.coverage),
        "precision at 0.8": (deltas.precision or 0.0, limits.precision),
    }
    return [
        f"{name} {delta:+.1%} on {where}"
        for name, (delta, limit) in figures.items()
        if delta < -limit
    ]


def _collapsed(deltas: Deltas, limits: Limits) -> list[tuple[str, float]]:
    """Intents that lost too much, the worst first."""
    lost = [
        (name, delta)
        for name, delta in deltas.recall.items()
        if -delta >= limits.collapse and round(-delta * deltas.rows[name]) >= limits.collapse_rows
    ]
    return sorted(lost, key=lambda intent: intent[1])
