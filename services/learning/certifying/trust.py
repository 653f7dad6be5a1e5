"""What the student may answer alone: what was proven, under what the operator set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from contracts.catalogue import HARMLESS, OUT_OF_SCOPE
from contracts.events import Basis, Reason, TrustState
from services.learning.certifying.alarm import Alarm
from services.learning.certifying.certificate import UNREACHED, Look
from services.learning.certifying.drawing import share_to_draw
from services.learning.percent import percent, tenths
from services.learning.student import Prediction


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator set; shares in [0, 1], `first` in turns.

    `fixed`: `threshold` holds always, whatever the evidence says. `harmless` are the intents that
    may be answered alone while everything is still drawn, `always_ask` and `never_ask` those of
    which the operator has decided, `catalogue` those that the shop has, and the router's action for
    each (None: the shop has all).
    """

    target: float = 0.95
    delta: float = 0.1
    threshold: float = 0.8
    fixed: bool = False
    share: float = 0.1
    first: int = 300
    harmless: frozenset[str] = frozenset(HARMLESS)
    always_ask: frozenset[str] = frozenset()
    never_ask: frozenset[str] = frozenset()
    catalogue: Mapping[str, str | None] | None = None
    has_teacher: bool = True

    @property
    def decided(self) -> frozenset[str]:
        """The intents of which the operator has decided: no threshold does."""
        return self.always_ask | self.never_ask


class GradedCount(NamedTuple):
    """How many drawn turns were graded: those still in the window, and all that ever were."""

    window: int
    ever: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What looks and trainings have led to: replaced whole by each, and kept as history.

    `state` and `certified`, the threshold that the last look certified, are for its `target` (None:
    there was no look). `provisional` is the threshold that was chosen for the model in force, on
    rows it could not learn from, for the target `chosen_for`; `floor` is the last one in force:
    only a certificate lowers it. `looked_at` counts the sure rows that the last look saw; `rows`,
    `right`, `bound` and its `basis` are what it found. It did not test the rows of the intents
    `kept_out`, which a rule decided then.
    """

    state: TrustState = TrustState.UNPROVEN
    target: float | None = None
    certified: float | None = None
    provisional: float | None = None
    chosen_for: float | None = None
    floor: float | None = None
    was_certified: bool = False
    looked_at: int = 0
    rows: int = 0
    right: int = 0
    bound: float | None = None
    basis: Basis = Basis.AGREEMENT
    kept_out: frozenset[str] = frozenset()
    why: str = "too few turns were graded to test anything"


@dataclass(frozen=True, slots=True)
class Trust:
    """What is in force, as a batch takes it: one snapshot. `share` of all turns is drawn.

    `why` says what led to the state. `probation`: everything is still drawn, and only harmless
    intents are answered alone.
    """

    state: TrustState
    why: str
    threshold: float
    share: float
    probation: bool
    policy: Policy


def trust(standing: Standing, policy: Policy, graded: GradedCount) -> Trust:
    """What is in force with so much evidence at hand."""
    state, why = _state(standing, policy)
    probation = _on_probation(standing, policy, graded)
    refuted = state is TrustState.REFUTED
    drawn = share_to_draw(
        graded.window, share=policy.share, first=policy.first, everything=probation or refuted
    )
    return Trust(
        state=state,
        why=why,
        threshold=policy.threshold if policy.fixed else _threshold(standing, policy, state),
        share=drawn if policy.has_teacher else 0.0,
        probation=probation,
        policy=policy,
    )


def after_look(
    standing: Standing, look: Look, sure_rows: int, policy: Policy, graded: GradedCount
) -> Standing:
    """The standing once a look was taken that saw so many `sure_rows`.

    What refutes a student is not held against what it learns from it: tests begin anew.
    """
    refuted = look.state is TrustState.REFUTED
    certified = look.state is TrustState.CERTIFIED
    seen = replace(
        standing,
        state=look.state,
        target=look.target,
        certified=look.threshold,
        floor=None if certified else standing.floor,
        was_certified=standing.was_certified or certified,
        looked_at=0 if refuted else sure_rows,
        rows=look.rows,
        right=look.right,
        bound=look.bound,
        basis=look.basis,
        why=look.why,
    )
    return _settled(seen, policy, graded)


def after_alarm(standing: Standing, found: Alarm) -> Standing:
    """The standing once the newest rows say that the student is not what it was."""
    return replace(
        standing,
        state=TrustState.REFUTED,
        target=found.target,
        certified=None,
        looked_at=0,
        rows=found.rows,
        right=found.right,
        bound=None,
        basis=Basis.AGREEMENT,
        why=found.why,
    )


def noted(standing: Standing, policy: Policy, graded: GradedCount) -> Standing:
    """The standing with the threshold in force in it, before another one is chosen.

    The first phase ends by a mere count, and nothing has noted the threshold since.
    """
    return _settled(standing, policy, graded) if _has_acted(standing, policy, graded) else standing


def after_promotion(
    standing: Standing, provisional: float, policy: Policy, graded: GradedCount
) -> Standing:
    """The standing once another model is in force, for which `provisional` was chosen.

    A certificate goes on holding unless the new model needs a higher threshold than it certified.
    """
    standing = noted(standing, policy, graded)
    renewed = replace(standing, provisional=provisional, chosen_for=policy.target)
    if standing.state is TrustState.UNPROVEN and standing.target != policy.target:
        renewed = replace(renewed, target=policy.target, looked_at=0)
    if renewed.certified is not None and provisional > renewed.certified:
        renewed = replace(
            renewed,
            state=TrustState.UNPROVEN,
            target=policy.target,
            looked_at=standing.looked_at if standing.target == policy.target else 0,
            certified=None,
            # It stands until the next look, whatever model is in force by then.
            why=f"the certificate lapsed with a model that needed {tenths(provisional)}",
        )
    return _settled(renewed, policy, graded)


def judge(prediction: Prediction, given: Trust) -> Reason:
    """What a prediction is worth: ACCEPTED, or why the teacher is asked.

    What the student takes for out of scope, or for an intent that the shop no longer has, is
    never its own to answer, however sure it is. Nor is what it could not read, whatever the
    operator allows. Thresholds are inclusive.
    """
    if not prediction.confidence:
        return Reason.BELOW_THRESHOLD
    rule = ruled(prediction.intent, given.policy)
    if rule is not None:
        return rule
    if prediction.confidence < given.threshold:
        return _doubt(prediction, given.threshold)
    return _permitted(prediction.intent, given)


def ruled(intent: str, policy: Policy) -> Reason | None:
    """What holds for an intent, however sure the student is of it; None: the threshold decides."""
    if intent == OUT_OF_SCOPE or (policy.catalogue is not None and intent not in policy.catalogue):
        return Reason.OUT_OF_SCOPE
    if intent in policy.always_ask:
        return Reason.ALWAYS_ASK
    return Reason.ACCEPTED if intent in policy.never_ask else None


def _permitted(intent: str, given: Trust) -> Reason:
    if given.state is TrustState.REFUTED:
        return Reason.REFUTED
    if given.probation and intent not in given.policy.harmless:
        return Reason.UNPROVEN
    return Reason.ACCEPTED


def _doubt(prediction: Prediction, threshold: float) -> Reason:
    """Ambiguous: sure that it is one of two intents, and the second at least half as likely."""
    best = prediction.confidence
    second = prediction.alternatives[0].confidence if prediction.alternatives else 0.0
    between_two = best + second >= threshold and second >= best / 2
    return Reason.AMBIGUOUS if between_two else Reason.BELOW_THRESHOLD


def _state(standing: Standing, policy: Policy) -> tuple[TrustState, str]:
    """State and why: a certificate holds for its own target and easier ones, a refutation for its
    own and harder ones; for any other target nothing is shown.
    """
    if policy.fixed:
        return TrustState.UNPROVEN, "the operator's threshold holds, whatever the evidence says"
    if not policy.has_teacher:
        return TrustState.UNPROVEN, "there is no teacher to grade turns"
    shown = standing.target or policy.target
    certified_for_less = standing.state is TrustState.CERTIFIED and shown < policy.target
    refuted_for_more = standing.state is TrustState.REFUTED and shown > policy.target
    if certified_for_less or refuted_for_more:
        was = f"{standing.state} for {percent(shown)}"
        return TrustState.UNPROVEN, f"{was}, and the target is {percent(policy.target)} now"
    if standing.state is TrustState.UNPROVEN and standing.provisional == UNREACHED:
        wanted = percent(standing.chosen_for or policy.target)
        none = f"of what was held out, no threshold is expected to reach {wanted}"
        return standing.state, f"{standing.why}; {none}"
    return standing.state, standing.why


def _on_probation(standing: Standing, policy: Policy, graded: GradedCount) -> bool:
    if policy.fixed or not policy.has_teacher:
        return False
    return not standing.was_certified and graded.ever < policy.first


def _has_acted(standing: Standing, policy: Policy, graded: GradedCount) -> bool:
    """Whether the first phase was over before the newest row was graded."""
    return not _on_probation(standing, policy, graded._replace(ever=graded.ever - 1))


def _threshold(standing: Standing, policy: Policy, state: TrustState) -> float:
    if state is TrustState.CERTIFIED and standing.certified is not None:
        return standing.certified
    return max(policy.threshold, standing.provisional or 0.0, standing.floor or 0.0)


def _settled(standing: Standing, policy: Policy, graded: GradedCount) -> Standing:
    """Remember the threshold in force, once the student acts by it; a fixed one is none of it."""
    if policy.fixed or _on_probation(standing, policy, graded):
        return standing
    return replace(standing, floor=_threshold(standing, policy, _state(standing, policy)[0]))
