"""Plays a shop's messages through the decisions, the certificate and the training of production."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import Reason, TrustState
from services.learning.certifying.certificate import Look
from services.learning.certifying.drawing import is_drawn
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.holding import is_suspicious
from services.learning.certifying.looking import alarm_if_due, look_if_due
from services.learning.certifying.provisional import provisional
from services.learning.certifying.trust import (
    GradedCount,
    Policy,
    Standing,
    Trust,
    after_promotion,
    judge,
    ruled,
    trust,
)
from services.learning.judging.labelled import LabelledMessage
from services.learning.normalise import normalise
from services.learning.promoting.promotion import Promote
from services.learning.promoting.retraining import Champion, Retrained, Sample, retrain
from services.learning.recipe.training import TrainingDataError
from services.learning.student import Example, Prediction


@dataclass(frozen=True, slots=True)
class Plan:
    """How the shop is run: `retrain_every` counts new samples, `window` rows of evidence."""

    policy: Policy
    retrain_every: int = 50
    window: int = 2_000
    language: str = "es"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one message; `state` and `threshold` were in force when it came."""

    message: LabelledMessage
    said: str
    confidence: float
    reason: Reason
    drawn: bool
    asked_again: bool
    state: str
    threshold: float

    @property
    def alone(self) -> bool:
        """Whether the student answered it."""
        return self.reason is Reason.ACCEPTED

    @property
    def answer(self) -> str:
        """The intent that was answered: the student's, else the teacher's."""
        return self.said if self.alone else self.message.teacher


@dataclass(frozen=True, slots=True)
class Training:
    """A training after so many turns: whether its model is in force, and why."""

    after: int
    promoted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Simulated:
    """All turns in order; looks, alarms and trainings by the turns before them; where it ended.

    `new_intents` counts the messages whose label is of no intent that the shop began with.
    """

    turns: tuple[Turn, ...] = field(repr=False)
    looks: tuple[tuple[int, Look], ...]
    alarms: tuple[tuple[int, str], ...]
    trainings: tuple[Training, ...]
    end: Trust
    new_intents: dict[str, int]


def simulate(
    base: Sequence[Example],
    stream: Sequence[LabelledMessage],
    plan: Plan,
    progress: Callable[[int], None] = lambda _turns: None,
) -> Simulated:
    """Every message in order; raises TrainingDataError when the base rows teach nothing.

    `progress` is told how many turns are behind.
    """
    shop = _Shop(base, plan)
    turns = []
    for number, message in enumerate(stream):
        turns.append(shop.take(number, message))
        progress(number + 1)
    known = {row.intent for row in base} | {OUT_OF_SCOPE}
    new = Counter(each.teacher for each in stream if each.teacher not in known)
    return Simulated(
        tuple(turns), tuple(shop.looks), tuple(shop.alarms), tuple(shop.trainings), shop.trust,
        dict(sorted(new.items())),
    )  # fmt: skip


class _Shop:
    """What the database of a shop holds, and what its services do with it, one turn at a time."""

    def __init__(self, base: Sequence[Example], plan: Plan) -> None:
        self._plan = plan
        self._samples = {
            number: Sample(number, row.text, row.intent) for number, row in enumerate(base)
        }
        self._new: set[str] = set()
        self._evidence: list[tuple[int, Evidence]] = []
        self._graded = 0
        self._refuted_at = 0
        self._looked: list[int] = []
        self.standing = Standing()
        self.looks: list[tuple[int, Look]] = []
        self.alarms: list[tuple[int, str]] = []
        self.trainings: list[Training] = []
        self._put_in_force(self._retrain(None))

    @property
    def trust(self) -> Trust:
        """What is in force."""
        return trust(self.standing, self._plan.policy, self._have)

    @property
    def _have(self) -> GradedCount:
        return GradedCount(len(self._tested), self._graded)

    @property
    def _tested(self) -> list[tuple[int, Evidence]]:
        """The rows of the window since the student was refuted, if it was."""
        since = self._graded - self._refuted_at
        return self._evidence[-since:] if since else []

    def take(self, number: int, message: LabelledMessage) -> Turn:
        """One message, from the draw to what is learned from it."""
        given = self.trust
        drawn = is_drawn(f"{self._plan.seed}/{number}", given.share)
        [said] = self._champion.student.predict([message.text])
        reason = judge(said, given)
        asked = drawn or reason is not Reason.ACCEPTED
        again = asked and is_suspicious(said.intent, said.confidence, message.teacher)
        if asked:
            self._learn(message)
        if drawn:
            self._grade(number, message, said)
        self._train_when_due(number)
        return Turn(
            message, said.intent, said.confidence, reason, drawn, again, given.state,
            given.threshold,
        )  # fmt: skip

    def _learn(self, message: LabelledMessage) -> None:
        """Keep the teacher's answer: asked again, it says the same and so confirms it."""
        number = len(self._samples)
        self._samples[number] = Sample(number, message.text, message.teacher)
        self._new.add(normalise(message.text, self._plan.language))

    def _grade(self, number: int, message: LabelledMessage, said: Prediction) -> None:
        rule = ruled(said.intent, self._plan.policy)
        row = Evidence(said.intent, said.confidence, message.teacher, rule=rule)
        self._evidence.append((len(self._samples) - 1, row))
        del self._evidence[: -self._plan.window]
        self._graded += 1
        self._watch(number)
        self._look_when_due(number)

    def _watch(self, number: int) -> None:
        evidence = [row for _, row in self._tested]
        if refuted := alarm_if_due(evidence, self.standing, self._plan.policy, self._have):
            self._stand(refuted)
            self.alarms.append((number + 1, refuted.why))

    def _stand(self, standing: Standing) -> None:
        if standing.state is TrustState.REFUTED:
            self._refuted_at = self._graded
        self.standing = standing

    def _look_when_due(self, number: int) -> None:
        first = self._graded - len(self._evidence)
        last = self._looked[-1] if self._looked else 0
        # Looks at rows that have all left the window were looks at other evidence.
        k = 1 + sum(seen > first for seen in self._looked)
        evidence = [row for _, row in self._tested]
        fresh = min(self._graded - last, len(evidence))
        found = look_if_due(
            evidence, self.standing, self._plan.policy, self._have, fresh=fresh, number=k
        )
        if found is not None:
            seen, standing = found
            self._stand(standing)
            self._looked.append(self._graded)
            self.looks.append((number + 1, seen))

    def _train_when_due(self, number: int) -> None:
        if len(self._new) < self._plan.retrain_every:
            return
        self._new.clear()
        try:
            made = self._retrain(self._champion)
        except TrainingDataError as error:
            self.trainings.append(Training(number + 1, False, str(error)))
            return
        promoted = isinstance(made.verdict, Promote)
        self.trainings.append(Training(number + 1, promoted, made.verdict.reason))
        if promoted:
            self._put_in_force(made)

    def _retrain(self, champion: Champion | None) -> Retrained:
        plan = self._plan
        return retrain(
            list(self._samples.values()),
            champion,
            target=plan.policy.target,
            language=plan.language,
            seed=plan.seed,
        )

    def _put_in_force(self, made: Retrained) -> None:
        self._champion = Champion(made.trained.student, made.kept)
        graded = [
            Sample(number, self._samples[number].text, row.label) for number, row in self._tested
        ]
        policy = self._plan.policy
        chosen = provisional(
            made.trained, made.kept, graded, policy.target, self._plan.language, policy.decided
        )
        self.standing = after_promotion(self.standing, chosen, policy, self._have)
