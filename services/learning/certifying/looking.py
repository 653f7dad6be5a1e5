"""One step of the certificate: look at the evidence if it is due, and what then stands."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from contracts.events import TrustState
from services.learning.certifying.certificate import Look, is_due, level_of, look
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.provisional import FEWEST_GRADED, choose
from services.learning.certifying.trust import Graded, Policy, Standing, after_look, trust


def look_if_due(
    evidence: Sequence[Evidence],
    fresh: int,
    number: int,
    standing: Standing,
    policy: Policy,
    ever: int,
) -> tuple[Look, Standing] | None:
    """The look and the standing after it; None while there is nothing new to test.

    `evidence` is the window, the oldest row first, of which the last `fresh` rows came since the
    look before; `number` is k, one more than the looks that share evidence with this one; `ever`
    counts all rows there were.
    """
    level, graded = level_of(number, policy.delta), Graded(len(evidence), ever)
    sure = _sure(evidence, policy)
    new = _sure(evidence[len(evidence) - fresh :], policy)
    certified = standing.state is TrustState.CERTIFIED
    if standing.target not in (None, policy.target):
        standing = _for_another_target(standing, evidence, policy)
    if not is_due(
        sure, new, standing.looked_at, target=policy.target, level=level, certified=certified
    ):
        return None
    seen = look(
        evidence,
        target=policy.target,
        level=level,
        in_force=trust(standing, policy, graded).threshold,
        number=number,
        certified=certified,
    )
    if seen is None:
        return None
    return seen, after_look(standing, seen, sure, policy, graded)


def _for_another_target(
    standing: Standing, evidence: Sequence[Evidence], policy: Policy
) -> Standing:
    """What was looked at was looked at for the former target, and chosen for it."""
    chosen = standing.provisional
    if len(evidence) >= FEWEST_GRADED:
        sure, right = zip(*((row.sure, row.right) for row in evidence), strict=True)
        chosen = choose(np.array(sure), np.array(right), policy.target)
    return replace(standing, looked_at=0, provisional=chosen)


def _sure(evidence: Sequence[Evidence], policy: Policy) -> int:
    return sum(row.sure >= policy.threshold for row in evidence)
