"""Learns from which distance on a text is taken for `__oos__`: the student's one rule for that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Places
from services.learning.recipe.fitting import blend
from services.learning.student import Weights

# Of the score that `__oos__` learned, the share that counts; the bar is the same for every text.
# All of it finds only what resembles the strange texts of the training, and out of fold these
# resemble one another more than strangers to come; nothing of it leaves distance alone.
_LEARNED = 0.5
_GIVEN_UP = 0.025  # share of the rows named rightly that may be taken for strangers
_ENOUGH = 0.95  # share of the strange rows to catch: no more is given up than that takes


@dataclass(frozen=True, slots=True)
class Bar:
    """A text is named `__oos__` when no intent scores above `height` + half of what `__oos__` does.

    `place` is that of `__oos__` among the intents; scores are the machines' sum, weighed by their
    factors; `temperature` is theirs once the bar is up.
    """

    place: int
    height: float
    temperature: float = 1.0

    def on_scores(self, scores: Floats) -> Floats:
        """Scores (rows, intents) with the bar, ready for the softmax."""
        barred = scores.copy()
        barred[:, self.place] = _LEARNED * scores[:, self.place] + self.height
        return barred / self.temperature

    def on_weights(self, weights: Weights) -> Weights:
        """The same in the weights, as an intercept: answering costs what it did."""
        coefficients, intercepts = weights.coefficients.copy(), weights.intercepts.copy()
        coefficients[:, self.place] *= _LEARNED
        intercepts[self.place] *= _LEARNED
        intercepts[self.place] += self.height * weights.temperature
        return replace(
            weights,
            coefficients=coefficients,
            intercepts=intercepts,
            temperature=weights.temperature * self.temperature,
        )


def learn_bar(scores: Floats, truth: Places, intents: Sequence[str], different: int) -> Bar | None:
    """The bar that catches 95 % of the strange rows, or as many as keep 97.5 % of the right ones.

    `scores` (rows, intents) are out of fold, of so many `different` texts. None when there is no
    `__oos__` among the intents, when its learned score alone catches 95 % of the strange rows, or
    when no row is named rightly.
    """
    if OUT_OF_SCOPE not in intents:
        return None
    place = intents.index(OUT_OF_SCOPE)
    strange = truth == place
    known = scores.copy()
    known[:, place] = -np.inf
    right = known.argmax(axis=1) == truth
    if not right.any() or (scores[strange].argmax(axis=1) == place).mean() >= _ENOUGH:
        return None
    above = known.max(axis=1) - _LEARNED * scores[:, place]
    enough = np.quantile(above[strange], _ENOUGH)
    raised = Bar(place, float(min(enough, np.quantile(above[right], _GIVEN_UP))))
    # The bar makes all texts less like the shop's: what the scores are worth is learned again.
    worth = blend(raised.on_scores(scores)[np.newaxis], truth, different)
    return replace(raised, temperature=float(1 / worth[0]))
