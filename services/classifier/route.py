"""Whether a turn's intent is sure enough for the router: one pure decision."""

from collections.abc import Collection
from typing import NamedTuple

from contracts.events import Kind, Reason, Route
from services.learning.student import OUT_OF_SCOPE, Prediction

_SAYS_NOTHING = frozenset({Kind.STICKER, Kind.REACTION, Kind.DELETED})
"""Kinds that may go unread beside a text: they ask for nothing."""


class Verdict(NamedTuple):
    """Where a turn goes, and why."""

    route: Route
    reason: Reason


ACCEPTED = Verdict(Route.CONFIDENT, Reason.ACCEPTED)


def decide(
    prediction: Prediction | None, has_text: bool, unread: Collection[Kind], threshold: float
) -> Verdict:
    """The verdict on a turn; ``unread`` are the kinds of its messages that have no text.

    A text beside a voice note or a photo is only half of what was said, so it is not answered by
    the router. What reaches the threshold is always accepted, however close the second is.
    """
    if not has_text or not _SAYS_NOTHING.issuperset(unread):
        return Verdict(Route.UNSURE, Reason.UNSUPPORTED_KIND)
    if prediction is None:
        return Verdict(Route.UNSURE, Reason.NO_MODEL)
    reason = judge(prediction, threshold)
    return ACCEPTED if reason is Reason.ACCEPTED else Verdict(Route.UNSURE, reason)


def judge(prediction: Prediction, threshold: float) -> Reason:
    """What a prediction alone is worth under a threshold, which is inclusive.

    What the student takes for out of scope is never its own to answer, however sure it is.
    """
    if prediction.intent == OUT_OF_SCOPE:
        return Reason.OUT_OF_SCOPE
    if prediction.confidence >= threshold:
        return Reason.ACCEPTED
    ambiguous = _between_two(prediction, threshold)
    return Reason.AMBIGUOUS if ambiguous else Reason.BELOW_THRESHOLD


def _between_two(prediction: Prediction, threshold: float) -> bool:
    """Sure enough that it is one of two intents, and the second at least half as likely."""
    second = prediction.alternatives[0].confidence if prediction.alternatives else 0.0
    best = prediction.confidence
    return best + second >= threshold and second >= best / 2
