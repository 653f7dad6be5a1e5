"""One step of the certificate: look at the evidence if it is due, and what then stands."""

from collections.abc import Sequence

from services.learning.certifying.certificate import Look, is_due, level_of, look
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.trust import Policy, Standing, after_look, trust


def look_if_due(
    evidence: Sequence[Evidence], fresh: int, number: int, standing: Standing, policy: Policy
) -> tuple[Look, Standing] | None:
    """The look and the standing after it; None while there is nothing new to test.

    `evidence` is the window, the oldest row first, of which the last `fresh` rows came since the
    look before; `number` is k, one more than the looks that share evidence with this one.
    """
    level = level_of(number, policy.delta)
    sure = _sure(evidence, policy)
    new = _sure(evidence[len(evidence) - fresh :], policy)
    if not is_due(sure, new, standing.looked_at, target=policy.target, level=level):
        return None
    in_force = trust(standing, policy, len(evidence)).threshold
    seen = look(evidence, target=policy.target, level=level, in_force=in_force, number=number)
    if seen is None:
        return None
    return seen, after_look(standing, seen, sure, policy, len(evidence))


def _sure(evidence: Sequence[Evidence], policy: Policy) -> int:
    return sum(row.sure >= policy.threshold for row in evidence)
