"""What a student says of turns of which it learned none, or learned them in another fold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.judging.evaluation import Said, Truths, say, threshold_for
from services.learning.judging.measures import Places
from services.learning.recipe.training import train
from services.learning.student import Example

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Heard:
    """Words on turns with text, an element each.

    `said.truth` means something only where `labelled`; `folds` is the fold that a turn was held out
    with, -1 for one that nothing was learned from. `taught` is what was said out of fold of the
    rows that a threshold may be chosen on when no turn is labelled: the base.
    """

    said: Said
    labelled: Truths
    folds: Places
    taught: Said

    def accepted(self, threshold: float | None) -> Truths:
        """Turns that a threshold (inclusive) lets the student answer alone."""
        if threshold is None:
            return np.zeros_like(self.labelled)
        return np.asarray((self.said.sure >= threshold) & (self.said.sure > 0))

    def threshold(self, target: float) -> float | None:
        """The lowest that reaches `target` on the labelled turns; without any, on the base."""
        return threshold_for(
            target, self._judged(self.labelled) if self.labelled.any() else self.taught
        )

    def accepted_for(self, target: float) -> Truths:
        """Turns accepted by a threshold that was chosen for `target` without their own fold.

        So no turn has a say in the threshold that it is judged with.
        """
        if not self.labelled.any():
            return self.accepted(self.threshold(target))
        accepted = np.zeros_like(self.labelled)
        for fold in np.unique(self.folds):
            others = self._judged(self.labelled & (self.folds != fold))
            here = self.folds == fold
            accepted[here] = self.accepted(threshold_for(target, others))[here]
        return accepted

    def _judged(self, turns: Truths) -> Said:
        said = self.said
        return replace(
            said, probabilities=said.probabilities[turns], truth=said.truth[turns],
            known=said.known[turns],
        )  # fmt: skip


def hear(
    texts: Sequence[str], intents: Sequence[str | None], base: Sequence[Example], *, language: str
) -> Heard:
    """Trains on the base and the labelled texts; an intent of None: nobody has labelled the text.

    Raises:
        TrainingDataError: base and labels teach nothing.
    """
    rows = [
        Example(text, intent or OUT_OF_SCOPE) for text, intent in zip(texts, intents, strict=True)
    ]
    labelled = np.array([intent is not None for intent in intents], dtype=bool)
    lessons = [row for row, known in zip(rows, labelled, strict=True) if known]
    trained = train([*base, *lessons], language=language)
    names = {row.intent for row in base}
    kept = sum(row.intent not in trained.left_out for row in base)
    learned = labelled & np.array([row.intent not in trained.left_out for row in rows], dtype=bool)
    places = np.where(learned, kept + np.cumsum(learned) - 1, _NOWHERE)
    probabilities = trained.student.probabilities(texts)
    probabilities[learned] = trained.out_of_fold[places[learned]]
    of_student = trained.student.intents
    return Heard(
        said=say(of_student, probabilities, rows, names),
        labelled=labelled,
        folds=np.where(learned, trained.folds[places], _NOWHERE),
        taught=say(of_student, trained.out_of_fold[:kept], trained.examples[:kept], names),
    )
