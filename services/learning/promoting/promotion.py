"""Decides whether a freshly trained model may replace the one in use."""

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Mask, Places
from services.learning.measures import lowest_threshold
from services.learning.out_of_fold import OutOfFold
from services.learning.percent import percent

TARGET = 0.95
"""The precision of what is answered alone, at which coverages are compared."""


# How much worse the challenger may look before it is refused; shares in [0, 1]: a limit, and noise.
# Whatever the limit, a figure may fall by its noise, divided by the root of the rows: two to four
# standard deviations of what two models of one worth differ by.
_F1 = 0.01, 0.5
_COVERAGE = 0.05, 2.0
_MOST_NOISE = 0.2  # measured from 250 rows on; with fewer, more would forgive everything
# Nor may a fall hang on a few rows: of draws of the rows anew (bootstrap: Efron, 1979), it shows in
# all but this share.
_LUCK = 0.05
_DRAWS = 200
# An intent has collapsed when the challenger loses this share of its rows, and that is no chance:
# were both of one worth, it would come about with this probability at the most.
_COLLAPSE = 0.1, 0.01
_COLLAPSE_IF_CRITICAL = 0.05, 0.125
# New labels contradict everything when fewer than this share of them, so many rows at least, are
# what the challenger itself expects.
_EXPECTED, _JUDGED_ROWS = 0.1, 20


@dataclass(frozen=True, slots=True)
class Deltas:
    """Challenger minus champion on the same rows, which neither was trained on; positive is better.

    `coverage` is what each answers alone at the target precision. Where one of the two figures fell
    by more than may be forgiven, `..._luck` is the share of draws of the rows anew in which it did
    not. By intent, of those that the rows mean: `recall`, `rows`, and how many of these only the
    champion (`lost`) and only the challenger (`won`) got right.
    """

    macro_f1: float
    coverage: float
    recall: dict[str, float]
    rows: dict[str, int]
    lost: dict[str, int]
    won: dict[str, int]
    macro_f1_luck: float = 0.0
    coverage_luck: float = 0.0


@dataclass(frozen=True, slots=True)
class Promote:
    """Within the limits, the challenger is no worse on the known rows, nor on all rows.

    Without figures: there was nothing to compare it with.
    """

    reason: str
    known: Deltas | None = None
    whole: Deltas | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """The challenger is worse, and the reason says where; or there is nothing new to judge."""

    reason: str
    known: Deltas | None = None
    whole: Deltas | None = None


NOTHING_NEW = Refuse("Refused: there is nothing new to learn from.")


def compare(
    champion: OutOfFold,
    challenger: OutOfFold,
    known: Mask,
    *,
    target: float = TARGET,
    critical: AbstractSet[str] = frozenset(),
) -> Promote | Refuse:
    """Judges two models' answers on the same rows; `known` marks those the champion learned from.

    The champion's names begin with the challenger's.
    """
    return verdict(
        _deltas(champion.only(known), challenger.only(known), target),
        _deltas(champion, challenger, target),
        _expected(challenger, known),
        target=target,
        critical=critical,
    )


def verdict(
    known: Deltas,
    whole: Deltas,
    expected: float | None = None,
    *,
    target: float = TARGET,
    critical: AbstractSet[str] = frozenset(),
) -> Promote | Refuse:
    """Promote unless a figure fell by more than its limit, or the new labels contradict everything.

    `expected` is the share of them that the challenger expects; None: too few to tell.
    """
    worse = _fallen(known, target, "the known rows")
    worse += _fallen(whole, target, "all rows")
    worse += _collapsed(known, critical)
    if expected is not None and expected < _EXPECTED:
        worse.append(f"the new labels contradict everything: {expected:.0%} are as expected")
    if worse:
        return Refuse(f"Refused: {'; '.join(worse)}.", known, whole)
    gains = f"macro-F1 {whole.macro_f1:+.1%}, coverage {whole.coverage:+.1%} on all rows"
    return Promote(f"Promoted: {gains}; within the limits on the known rows.", known, whole)


def coverage(answers: OutOfFold, target: float) -> float:
    """Share of the rows answered alone at the threshold that gives them this precision; 0: none."""
    strange = np.array([name == OUT_OF_SCOPE for name in answers.intents])
    acting = np.where(strange[answers.said], np.float32(0), answers.sure)
    threshold = lowest_threshold(acting, answers.said == answers.truth, target)
    return 0.0 if threshold is None else float((acting >= threshold).mean())


def _deltas(before: OutOfFold, after: OutOfFold, target: float) -> Deltas:
    rows = np.bincount(after.truth, minlength=len(after.intents))
    meant = np.flatnonzero(rows)
    was, now = _recall(before), _recall(after)
    right_before, right_after = before.said == before.truth, after.said == after.truth

    def macro_f1_gained(one: OutOfFold, other: OutOfFold) -> float:
        return _macro_f1(other) - _macro_f1(one)

    def coverage_gained(one: OutOfFold, other: OutOfFold) -> float:
        return coverage(other, target) - coverage(one, target)

    macro_f1, covered = macro_f1_gained(before, after), coverage_gained(before, after)
    fell = macro_f1 < -_forgiven(_F1, len(after))
    shrank = covered < -_forgiven(_COVERAGE, len(after))
    return Deltas(
        macro_f1=macro_f1,
        coverage=covered,
        macro_f1_luck=_luck(before, after, macro_f1_gained) if fell else 0.0,
        coverage_luck=_luck(before, after, coverage_gained) if shrank else 0.0,
        recall={after.intents[place]: float(now[place] - was[place]) for place in meant},
        rows={after.intents[place]: int(rows[place]) for place in meant},
        lost=_counted(after, meant, right_before & ~right_after),
        won=_counted(after, meant, right_after & ~right_before),
    )


def _luck(
    before: OutOfFold, after: OutOfFold, gained: Callable[[OutOfFold, OutOfFold], float]
) -> float:
    """How often nothing is lost among as many rows drawn anew from these.

    A few rows can decide a figure: where labels are noisy, the surest that are wrong decide whether
    a precision is reached at all, and an intent's only rows what it adds to macro-F1. A champion
    that was lucky with them would refuse every successor.
    """
    dealer = np.random.default_rng(0)
    draws = (dealer.integers(0, len(after), len(after)) for _ in range(_DRAWS))
    return sum(gained(before.only(rows), after.only(rows)) >= 0 for rows in draws) / _DRAWS


def _counted(answers: OutOfFold, meant: Places, chosen: Mask) -> dict[str, int]:
    counts = np.bincount(answers.truth[chosen], minlength=len(answers.intents))
    return {answers.intents[place]: int(counts[place]) for place in meant}


def _macro_f1(answers: OutOfFold) -> float:
    """The mean F1 of the intents that the rows mean; 0 of no rows."""
    size = len(answers.intents)
    hits, rows = _hits(answers), np.bincount(answers.truth, minlength=size)
    named = np.bincount(answers.said, minlength=size)
    meant = np.flatnonzero(rows)
    return float((2 * hits / np.maximum(named + rows, 1))[meant].sum() / max(len(meant), 1))


def _recall(answers: OutOfFold) -> Floats:
    """Of every intent; 0 where no row means it."""
    rows = np.bincount(answers.truth, minlength=len(answers.intents))
    recall: Floats = _hits(answers) / np.maximum(rows, 1)
    return recall


def _hits(answers: OutOfFold) -> Places:
    """How many rows of every intent were named rightly."""
    right = answers.truth[answers.said == answers.truth]
    return np.bincount(right, minlength=len(answers.intents))


def _expected(challenger: OutOfFold, known: Mask) -> float | None:
    """Share of the new labels that the challenger gives as well, without having learned them.

    Intents that no known row means are left aside: nothing could expect them.
    """
    familiar = np.isin(challenger.truth, challenger.truth[known])
    judged = challenger.only(~known & familiar)
    if len(judged) < _JUDGED_ROWS:
        return None
    return float((judged.said == judged.truth).mean())


def _fallen(deltas: Deltas, target: float, where: str) -> list[str]:
    covering = f"coverage at {percent(target)} precision"
    figures = (
        ("macro-F1", deltas.macro_f1, deltas.macro_f1_luck, _F1),
        (covering, deltas.coverage, deltas.coverage_luck, _COVERAGE),
    )
    rows = sum(deltas.rows.values())
    return [
        f"{name} {delta:+.1%} on {where}"
        for name, delta, luck, limit in figures
        if delta < -_forgiven(limit, rows) and luck <= _LUCK
    ]


def _forgiven(limit: tuple[float, float], rows: int) -> float:
    """How much a figure may fall among so many rows."""
    least, noise = limit
    return max(least, min(noise / math.sqrt(max(rows, 1)), _MOST_NOISE))


def _collapsed(deltas: Deltas, critical: AbstractSet[str]) -> list[str]:
    """Intents that lost too much, the worst first."""
    lost = []
    for name, delta in sorted(deltas.recall.items(), key=lambda intent: intent[1]):
        share, chance = _COLLAPSE_IF_CRITICAL if name in critical else _COLLAPSE
        if -delta >= share and _chance(deltas.lost[name], deltas.won[name]) <= chance:
            lost.append(f"{name} collapsed ({delta:+.0%} recall)")
    return lost


def _chance(lost: int, won: int) -> float:
    """How likely so many rows are lost or more, were losing and winning one as likely as the other.

    The exact sign test (McNemar, Psychometrika 12, 1947), one-sided.
    """
    return float(betainc(lost, won + 1, 0.5)) if lost else 1.0
