"""The student's word on one turn as events: what it says, stamped with what was in force."""

from contracts.events import Alternative, IntentClassified, Reason, Route, TurnReady
from services.classifier.context import answers_order_number, resolve
from services.classifier.route import Verdict, decide
from services.learning.certifying.drawing import is_drawn
from services.learning.certifying.trust import Trust
from services.learning.student import Prediction

_BY_RULE = 1.0
"""Confidence of what a rule of ``context`` resolved."""
_ALTERNATIVES = 3


def classify(
    turn: TurnReady, prediction: Prediction | None, version: str | None, trust: Trust
) -> list[IntentClassified]:
    """The events on a turn: where it goes and, when the teacher shall grade it too, its shadow.

    ``version`` is the model's that predicted, None without one.
    """
    prediction = prediction and prediction.clamped()
    unread = {message.kind for message in turn.messages if not (message.text or "").strip()}
    verdict = decide(prediction, bool(turn.text.strip()), unread, trust)
    said = _said(turn, prediction, version, verdict, trust)
    actions = trust.policy.catalogue or {}
    answered = resolve(turn, verdict, actions)
    if answered is None:
        return [said, *_shadow(said, said)]
    asks = answered in trust.policy.always_ask
    if answers_order_number(turn, actions):
        return [_by_rule(said, answered, prediction, asks=asks)]
    if asks:
        return [said]
    # What the student said is evidence all the same: at a lower threshold it would have acted.
    ruled = _by_rule(said, answered, prediction, drawn=said.drawn)
    return [ruled, *_shadow(ruled, said)]


def _said(
    turn: TurnReady,
    prediction: Prediction | None,
    version: str | None,
    verdict: Verdict,
    trust: Trust,
) -> IntentClassified:
    """The student's word, and where it goes by that."""
    return IntentClassified(
        turn=turn,
        route=verdict.route,
        reason=verdict.reason,
        intent=prediction.intent if prediction else None,
        confidence=prediction.confidence if prediction else 0.0,
        alternatives=_alternatives(prediction)[1:],
        model_version=version,
        threshold=trust.threshold,
        state=trust.state,
        drawn=_counts(verdict) and is_drawn(turn.turn_id, trust.share),
    )


def _counts(verdict: Verdict) -> bool:
    """Whether a model spoke of it: what it said can be graded."""
    return verdict.reason not in (Reason.UNSUPPORTED_KIND, Reason.NO_MODEL)


def _shadow(sent: IntentClassified, said: IntentClassified) -> list[IntentClassified]:
    """The student's word on a drawn turn that the teacher would not see otherwise."""
    if not sent.drawn or sent.route is not Route.CONFIDENT:
        return []
    return [said.model_copy(update={"route": Route.SHADOW})]


def _by_rule(
    said: IntentClassified,
    intent: str,
    prediction: Prediction | None,
    *,
    drawn: bool = False,
    asks: bool = False,
) -> IntentClassified:
    """Without a model version, because no model said it: by itself it is no evidence.

    The model's guesses are alternatives. ``asks``: the operator wants the teacher to answer it.
    """
    others = [each for each in _alternatives(prediction) if each.intent != intent]
    return IntentClassified(
        turn=said.turn,
        route=Route.UNSURE if asks else Route.CONFIDENT,
        reason=Reason.ALWAYS_ASK if asks else Reason.ACCEPTED,
        intent=intent,
        confidence=_BY_RULE,
        alternatives=tuple(others[:_ALTERNATIVES]),
        threshold=said.threshold,
        state=said.state,
        drawn=drawn,
    )


def _alternatives(prediction: Prediction | None) -> tuple[Alternative, ...]:
    """The best guess and the next three."""
    if prediction is None:
        return ()
    guesses = prediction.alternatives[:_ALTERNATIVES]
    best = Alternative(intent=prediction.intent, confidence=prediction.confidence)
    others = (Alternative(intent=each.intent, confidence=each.confidence) for each in guesses)
    return (best, *others)
