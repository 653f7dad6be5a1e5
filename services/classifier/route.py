"""Whether a turn's intent is sure enough for the router: one pure decision."""

from collections.abc import Collection
from typing import NamedTuple

from contracts.events import Kind, Reason, Route
from services.learning.certifying.trust import Trust, judge
from services.learning.student import Prediction

_SAYS_NOTHING = frozenset({Kind.STICKER, Kind.REACTION, Kind.DELETED})
"""Kinds that may go unread beside a text: they ask for nothing."""


class Verdict(NamedTuple):
    """Where a turn goes, and why."""

    route: Route
    reason: Reason


ACCEPTED = Verdict(Route.CONFIDENT, Reason.ACCEPTED)


def decide(
    prediction: Prediction | None, has_text: bool, unread: Collection[Kind], trust: Trust
) -> Verdict:
    """The verdict on a turn; ``unread`` are the kinds of its messages that have no text.

    A text beside a voice note or a photo is only half of what was said, so it is not answered by
    the router. All else is what the evidence lets the student answer alone.
    """
    if not has_text or not _SAYS_NOTHING.issuperset(unread):
        return Verdict(Route.UNSURE, Reason.UNSUPPORTED_KIND)
    if prediction is None:
        return Verdict(Route.UNSURE, Reason.NO_MODEL)
    reason = judge(prediction, trust)
    return ACCEPTED if reason is Reason.ACCEPTED else Verdict(Route.UNSURE, reason)
