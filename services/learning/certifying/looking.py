"""One step of the certificate: look at the evidence if it is due, and what then stands."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import Reason, TrustState
from services.learning.certifying.alarm import alarm
from services.learning.certifying.certificate import GRID, Look, is_due, level_of, look
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.provisional import FEWEST_GRADED, choose
from services.learning.certifying.trust import (
    GradedCount,
    Policy,
    Standing,
    after_alarm,
    after_look,
    after_promotion,
    noted,
    trust,
)


def look_if_due(
    evidence: Sequence[Evidence],
    standing: Standing,
    policy: Policy,
    graded: GradedCount,
    *,
    fresh: int,
    number: int,
) -> tuple[Look, Standing] | None:
    """The look and the standing after it; None while there is nothing new to test, or to decide.

    `evidence` are the rows of the window that may be tested, the oldest first, of which the last
    `fresh` came since the look before; `number` is k, one more than the looks that share evidence
    with this one.
    """
    if policy.fixed:
        return None
    if standing.target not in (None, policy.target):
        standing = _for_another_target(noted(standing, policy, graded), evidence, policy)
    before, anew = evidence[: len(evidence) - fresh], evidence[len(evidence) - fresh :]
    if not (
        _rests_on_others(before, standing)
        or _counts_are_due(evidence, anew, standing, policy, number)
    ):
        return None
    seen = look(
        evidence,
        target=policy.target,
        level=level_of(number, policy.delta),
        in_force=trust(standing, policy, graded).threshold,
        number=number,
        certified=standing.certified,
    )
    if seen is None:
        return None
    sure_rows = _accepted(evidence, _counted_from(policy, seen.threshold))
    kept_out = frozenset(row.said for row in evidence if row.rule)
    return seen, replace(
        after_look(standing, seen, sure_rows, policy, graded), kept_out=kept_out - {OUT_OF_SCOPE}
    )


def alarm_if_due(
    evidence: Sequence[Evidence], standing: Standing, policy: Policy, graded: GradedCount
) -> Standing | None:
    """The standing after an alarm; None while the student acts as it should, or does not act."""
    given = trust(standing, policy, graded)
    refuted = given.state is TrustState.REFUTED
    if policy.fixed or refuted or given.probation or not policy.has_teacher:
        return None
    found = alarm(evidence, given.threshold, policy.target)
    return after_alarm(standing, found) if found else None


def follow_raised_target(
    evidence: Sequence[Evidence], standing: Standing, policy: Policy, graded: GradedCount
) -> Standing | None:
    """The standing of an unproven student once the target was raised; None while it was not.

    Its threshold was chosen for the former target, and a look may be months away. As long as there
    are too few rows to choose by, the next training does.
    """
    unproven = standing.state is TrustState.UNPROVEN
    if policy.fixed or not unproven or not _is_harder(standing, policy):
        return None
    chosen = _chosen(evidence, policy.target)
    return None if chosen is None else after_promotion(standing, chosen, policy, graded)


def _counts_are_due(
    evidence: Sequence[Evidence],
    anew: Sequence[Evidence],
    standing: Standing,
    policy: Policy,
    number: int,
) -> bool:
    """Whether so many rows came `anew`, or left, that the k-th look is due."""
    certified = standing.certified
    lowest = _counted_from(policy, certified)
    return is_due(
        _accepted(evidence, lowest),
        _accepted(anew, lowest),
        standing.looked_at,
        target=policy.target,
        level=level_of(number, policy.delta),
        certified=None if certified is None else _accepted(evidence, certified),
        level_before=level_of(max(number - 1, 1), policy.delta),
    )


def _counted_from(policy: Policy, certified: float | None) -> float:
    """The threshold whose rows say when a look is due.

    No higher than the strictest that is tested: an operator's own of 100 % would count none.
    """
    return min(policy.threshold, GRID[0], certified or 1.0)


def _rests_on_others(before: Sequence[Evidence], standing: Standing) -> bool:
    """Whether a certificate rests on other rows than those that the last look tested.

    Of an intent that a rule kept out of it nothing was shown, whether the rule was lifted or the
    intent is back; rows only leave the window, so more of them than were tested are such rows too.
    Less than half of the rows are left: another rule took them, or they aged.
    """
    if standing.certified is None:
        return False
    accepted = [row for row in before if row.tested_confidence >= standing.certified]
    if any(row.said in standing.kept_out for row in accepted):
        return True
    return not standing.rows <= 2 * len(accepted) <= 2 * standing.rows


def _for_another_target(
    standing: Standing, evidence: Sequence[Evidence], policy: Policy
) -> Standing:
    """What was looked at was looked at for the former target, and chosen for it.

    A certificate holds for an easier target too, but not for a harder one.
    """
    chosen = _chosen(evidence, policy.target)
    return replace(
        standing,
        looked_at=0,
        provisional=standing.provisional if chosen is None else chosen,
        chosen_for=standing.chosen_for if chosen is None else policy.target,
        certified=None if _is_harder(standing, policy) else standing.certified,
    )


def _is_harder(standing: Standing, policy: Policy) -> bool:
    """Whether the target is harder to reach than the one that the standing is for."""
    return standing.target is not None and policy.target > standing.target


def _chosen(evidence: Sequence[Evidence], target: float) -> float | None:
    """A threshold for a target by the rows alone; None: they are too few."""
    undecided = [row for row in evidence if row.rule in (None, Reason.OUT_OF_SCOPE)]
    if len(undecided) < FEWEST_GRADED:
        return None
    shown = zip(*((row.tested_confidence, row.right) for row in undecided), strict=True)
    confidence, right = map(np.array, shown)
    return choose(confidence, right, target)


def _accepted(evidence: Sequence[Evidence], threshold: float) -> int:
    return sum(row.tested_confidence >= threshold for row in evidence)
