"""A student's guesses on turns that it did not learn from, or learned in another fold only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Mask, Places
from services.learning.certifying.provisional import FEWEST_GRADED
from services.learning.judging.evaluation import Guesses, guesses_on, threshold_for
from services.learning.recipe.training import train
from services.learning.student import Example

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Guesses on turns with text, an element each.

    `guesses.truth` means something only where `labelled`; `folds` is the fold that a turn was held
    out with, -1 for one that nothing was learned from. `on_base` are the out-of-fold guesses on the
    base, on which a threshold is chosen while few turns are labelled.
    """

    guesses: Guesses
    labelled: Mask
    folds: Places
    on_base: Guesses

    def accepted(self, threshold: float | None) -> Mask:
        """Turns that a threshold (inclusive) lets the student answer alone."""
        if threshold is None:
            return np.zeros_like(self.labelled)
        return np.asarray((self.guesses.sure >= threshold) & (self.guesses.sure > 0))

    def threshold(self, target: float) -> float | None:
        """The lowest that reaches `target` on the labelled turns; of few, on the base."""
        return threshold_for(target, self._judged(self.labelled) if self._enough else self.on_base)

    def accepted_for(self, target: float) -> Mask:
        """Turns accepted by a threshold that was chosen for `target` without their own fold.

        So no turn has a say in the threshold that it is judged with.
        """
        if not self._enough:
            return self.accepted(self.threshold(target))
        accepted = np.zeros_like(self.labelled)
        for fold in np.unique(self.folds):
            others = self._judged(self.labelled & (self.folds != fold))
            here = self.folds == fold
            accepted[here] = self.accepted(threshold_for(target, others))[here]
        return accepted

    @property
    def _enough(self) -> bool:
        """Whether the labels say more of the shop than its base, as they must in production."""
        return int(self.labelled.sum()) >= FEWEST_GRADED

    def _judged(self, turns: Mask) -> Guesses:
        guesses = self.guesses
        return replace(
            guesses, probabilities=guesses.probabilities[turns], truth=guesses.truth[turns],
            known=guesses.known[turns],
        )  # fmt: skip


def guess_held_out(
    texts: Sequence[str], intents: Sequence[str | None], base: Sequence[Example], *, language: str
) -> HeldOut:
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
    kept = int((trained.taught < len(base)).sum())
    # A lesson is a labelled turn, and a taught row beyond the base's is a lesson.
    learned = np.flatnonzero(labelled)[trained.taught[kept:] - len(base)]
    folds = np.full(len(rows), _NOWHERE)
    folds[learned] = trained.folds[kept:]
    probabilities = trained.student.probabilities(texts)
    probabilities[learned] = trained.out_of_fold[kept:]
    of_student = trained.student.intents
    return HeldOut(
        guesses=guesses_on(of_student, probabilities, rows, names),
        labelled=labelled,
        folds=folds,
        on_base=guesses_on(of_student, trained.out_of_fold[:kept], trained.examples[:kept], names),
    )
