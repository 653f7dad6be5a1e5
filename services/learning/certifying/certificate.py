"""Finds by evidence alone how sure the student must be to answer alone: the certificate.

Fixed-sequence Learn-then-Test (Angelopoulos, Bates, Candès, Jordan, Lei 2021, section 4.2): the
thresholds are tested in an order that no outcome has a say in, the strictest first, each at the
full level, and the walk ends at the first that fails. So a false certificate needs the first test
of a threshold that is too low to pass by chance, and that happens with probability `level`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.events import Basis, TrustState
from services.learning.certifying.bounds import lower_bound, rows_needed, upper_bound
from services.learning.certifying.checked import agreements, checks, precision_bound
from services.learning.certifying.evidence import Evidence
from services.learning.percent import percent, tenths

GRID = (
    0.99, 0.98, 0.97, 0.96, 0.95, 0.93, 0.9, 0.875, 0.85, 0.825, 0.8, 0.775, 0.75, 0.725, 0.7,
    0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3,
)  # fmt: skip
"""The thresholds that are tested, fixed for all shops and models: no data has a say in them."""
UNREACHED = 0.995
"""The provisional threshold where none of the grid is expected to reach the target."""

_GROWTH = 0.5
"""So much of what the last look saw must have come anew for the next one."""
_SLACK = 2
"""Errors that the first tested threshold may have and still pass: with none allowed, a student
that is right 99 times in 100 would fail its first test nearly every second time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tested threshold: rows at or above it, those right, their bound at the look's level.

    `checked` of the agreements were labelled by people, who said `confirmed` times what the student
    had said.
    """

    threshold: float
    rows: int
    right: int
    checked: int
    confirmed: int
    bound: float
    basis: Basis
    level: float

    def shows(self, target: float) -> bool:
        """Whether the share of right answers is at least `target`."""
        return self.bound >= target and not self.is_denied(target)

    def is_denied(self, target: float) -> bool:
        """Whether people denied so many agreements that these alone miss the target."""
        return upper_bound(self.confirmed, self.checked, self.level) < target


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the evidence.

    `threshold` is the lowest one that passed, None unless certified. `rows`, `right`, `bound` and
    its `basis` are of that threshold, else of the one that failed.
    `number` is k: the k-th look at evidence of which some is still in the window; it tests at
    `level` = delta / (k (k + 1)).
    """

    state: TrustState
    number: int
    level: float
    target: float
    threshold: float | None
    rows: int
    right: int
    bound: float
    basis: Basis
    why: str
    steps: tuple[Step, ...] = field(default=(), repr=False)


def level_of(number: int, delta: float) -> float:
    """The share of `delta` that the k-th look may spend; over all looks they sum to `delta`."""
    return delta / (number * (number + 1))


def is_due(
    sure_rows: int,
    fresh_rows: int,
    looked_at: int,
    *,
    target: float,
    level: float,
    certified: int | None = None,
    level_before: float | None = None,
) -> bool:
    """Whether to look now; only counts decide, for a look that pleases the outcome proves nothing.

    `sure_rows` are surer than the lowest of the operator's threshold, the strictest tested one and
    the certified one; `fresh_rows` of them came after the last look at this target, which saw
    `looked_at` (0: there was none). The first look needs enough rows to pass with two errors, a
    later one half as many again. Under a certificate, whose threshold accepts `certified` rows, few
    rows are no obstacle: they may refute it. Once they could not pass without an error at the
    `level_before`, that of the look before the k-th, what it rests on has left the window: then it
    is looked at as soon as may be.
    """
    if certified is not None and certified < rows_needed(target, level_before or level):
        return True
    enough = sure_rows >= rows_needed(target, level, _SLACK)
    if not looked_at:
        return enough
    return (enough or certified is not None) and fresh_rows >= _GROWTH * min(looked_at, sure_rows)


def look(
    evidence: Sequence[Evidence],
    *,
    target: float,
    level: float,
    in_force: float,
    number: int = 1,
    certified: float | None = None,
) -> Look | None:
    """The k-th look at the evidence; None when no threshold has enough rows to pass.

    Refuted: the rows at the threshold `in_force` show that it misses the target. A threshold that
    was `certified` is looked at with fewer rows too: unless they refute it, it stands as long as so
    many rows without an error would pass.
    """
    steps = _walk(evidence, target, level, Basis.AGREEMENT)
    if not steps and certified is None:
        return None
    # Each basis has a walk of its own, which ends at its own first failure. Rows show no more
    # precision than agreement, so the second walk is no second chance to be certified: what it adds
    # is a statement of its own, as likely to be false. Of two that certify the same threshold, the
    # one on precision says more.
    walked = (*_walk(evidence, target, level, Basis.PRECISION), *steps)
    acting = _step(evidence, in_force, level, Basis.AGREEMENT)
    standing = None if certified is None else _step(evidence, certified, level, Basis.AGREEMENT)
    state, step = _found(walked, steps, acting, standing, target)
    why = _why(state, step, target, level) if steps else _why_of_few(state, step, target)
    if state is not TrustState.CERTIFIED:
        why += _teachers_part(evidence, target, level)
    return Look(
        state=state,
        number=number,
        level=level,
        target=target,
        threshold=step.threshold if state is TrustState.CERTIFIED else None,
        rows=step.rows,
        right=step.right,
        bound=step.bound,
        basis=step.basis,
        why=why,
        steps=walked,
    )


def _found(
    walked: Sequence[Step],
    on_agreement: Sequence[Step],
    acting: Step,
    standing: Step | None,
    target: float,
) -> tuple[TrustState, Step]:
    """The state, and the step that speaks for it.

    `acting` is the step at the threshold in force, `standing` the one at a certified threshold,
    which is asked where too few rows are left to walk `on_agreement`.
    """
    passed = [step for step in walked if step.shows(target)]
    if passed:
        return TrustState.CERTIFIED, min(passed, key=lambda step: step.threshold)
    if _misses(acting, target):
        return TrustState.REFUTED, acting
    if on_agreement or standing is None:
        return TrustState.UNPROVEN, on_agreement[0]
    stands = standing.rows >= rows_needed(target, standing.level)
    return (TrustState.CERTIFIED if stands else TrustState.UNPROVEN), standing


def _walk(evidence: Sequence[Evidence], target: float, level: float, basis: Basis) -> list[Step]:
    """The tested thresholds, up to and with the first that failed."""
    fewest = rows_needed(target, level, _SLACK)
    steps: list[Step] = []
    for threshold in GRID:
        step = _step(evidence, threshold, level, basis)
        if step.rows < fewest:
            continue
        steps.append(step)
        if not step.shows(target):
            break
    return steps


def _step(evidence: Sequence[Evidence], threshold: float, level: float, basis: Basis) -> Step:
    accepted = [row for row in evidence if row.tested_confidence >= threshold]
    right, found = sum(row.right for row in accepted), checks(accepted)
    if basis is Basis.AGREEMENT:
        bound = lower_bound(right, len(accepted), level)
    else:
        bound = precision_bound(accepted, level) or 0.0
    return Step(
        threshold=threshold,
        rows=len(accepted),
        right=right,
        checked=len(found),
        confirmed=sum(found),
        bound=bound,
        basis=basis,
        level=level,
    )


def _misses(acting: Step, target: float) -> bool:
    """Two tests where people have checked, so half of the level each."""
    if not acting.rows:
        return False
    level = acting.level / 2 if acting.checked else acting.level
    agreement = upper_bound(acting.right, acting.rows, level)
    return min(agreement, upper_bound(acting.confirmed, acting.checked, level)) < target


def _teachers_part(evidence: Sequence[Evidence], target: float, level: float) -> str:
    """Whether the labels themselves are too often wrong to show the target, as people found.

    People see few of the agreements and the doubtful of the others, so the two are told apart; what
    nobody has checked of the others counts as right.
    """
    agreed, found = agreements(evidence), checks(evidence)
    graded = [row for row in evidence if row.teacher]
    others = len(graded) - len(agreed)
    wrong = sum(bool(row.person) and row.teacher not in (row.said, row.person) for row in graded)
    most = len(agreed) * upper_bound(sum(found), len(found), level) + others - wrong
    if not graded or most / len(graded) >= target:
        return ""
    right, checked = sum(found) + _right_others(graded), sum(bool(row.person) for row in graded)
    return (
        f"; the teacher itself was right in {right} of {checked} turns that people checked, so its "
        f"labels cannot show {percent(target)}"
    )


def _right_others(graded: Sequence[Evidence]) -> int:
    return sum(row.teacher == row.person for row in graded if row.teacher != row.said)


def _why_of_few(state: TrustState, step: Step, target: float) -> str:
    """Of a certificate, when too few rows are left in the window to certify anything anew."""
    left = f"{step.right} of the {step.rows} rows left agree with their labels"
    seen = f"{left} at {tenths(step.threshold)}"
    return {
        TrustState.CERTIFIED: f"{seen}: the certificate stands",
        TrustState.UNPROVEN: f"{seen}: too few to show {percent(target)}",
        TrustState.REFUTED: f"{seen}: too few for {percent(target)}",
    }[state]


def _why(state: TrustState, step: Step, target: float, level: float) -> str:
    seen = f"{step.right} of {step.rows} rows agree with their labels at {tenths(step.threshold)}"
    people = f"people confirmed {step.confirmed} of {step.checked}"
    if step.basis is Basis.PRECISION:
        seen += f", and {people}"
    elif step.is_denied(target):
        return f"{seen}, but {people} of these agreements: too few for {percent(target)}"
    return {
        TrustState.CERTIFIED: f"{seen}: at least {step.bound:.1%} with {1 - level:.1%} certainty",
        TrustState.UNPROVEN: f"{seen}: that shows {step.bound:.1%}, not yet {percent(target)}",
        TrustState.REFUTED: f"{seen}: too few for {percent(target)}",
    }[state]
