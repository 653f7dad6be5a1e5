"""What people's checks show: whether student and teacher, where they agree, are right."""

from collections.abc import Sequence

from services.learning.certifying.bounds import lower_bound
from services.learning.certifying.evidence import Evidence


def agreements(accepted: Sequence[Evidence]) -> list[Evidence]:
    """The rows on which the teacher said at once what the student had said."""
    return [row for row in accepted if row.teacher == row.said]


def checks(accepted: Sequence[Evidence]) -> list[bool]:
    """Of the agreements that a person has labelled, whether that was what the student had said.

    People are asked about a random part of the agreements, so these speak for all of them.
    """
    return [row.person == row.said for row in agreements(accepted) if row.person]


def precision(accepted: Sequence[Evidence]) -> float | None:
    """The share of `accepted` that is right, as far as people have checked; None: nothing was.

    What agrees, times what is right of that: what does not agree counts as wrong.
    """
    found = checks(accepted)
    if not found:
        return None
    return len(agreements(accepted)) / len(accepted) * sum(found) / len(found)


def precision_bound(accepted: Sequence[Evidence], level: float) -> float | None:
    """The share of `accepted` that is right, at least; None until a person has checked one.

    What agrees at least, times what is right of that at least, half of `level` each: what does not
    agree counts as wrong.
    """
    found = checks(accepted)
    if not found:
        return None
    agreed = len(agreements(accepted))
    confirmed = lower_bound(sum(found), len(found), level / 2)
    return lower_bound(agreed, len(accepted), level / 2) * confirmed
