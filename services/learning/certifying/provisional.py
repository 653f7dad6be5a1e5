"""Chooses a threshold for a target on honest scores, before anything is proven."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from scipy.optimize import minimize

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Mask
from services.learning.certifying.certificate import GRID, UNREACHED
from services.learning.normalise import normalise
from services.learning.out_of_fold import NOWHERE, OutOfFold, by_text
from services.learning.promoting.retraining import Sample
from services.learning.student import Prediction
from services.learning.trained import Trained

FEWEST_GRADED = 30
"""So many graded turns say more of a shop's traffic than all examples of its catalogue."""
_FEWEST = 5  # rows that a threshold must accept to be chosen
_PULL = 3.0
_EDGE = 1e-4


def provisional(
    trained: Trained,
    kept: OutOfFold,
    graded: Sequence[Sample],
    target: float,
    language: str,
    decided: AbstractSet[str] = frozenset(),
) -> float:
    """The threshold for a new model, on rows that it could not learn from.

    `graded` are the drawn turns under the label that each has now. Those that it was trained on, or
    on whose text, have the answer of the fold that held it out (`kept`); the others are asked for.
    As long as there are few, all training rows serve instead. No threshold lets the `decided`
    intents pass or not.
    """
    aside = {OUT_OF_SCOPE, *decided}
    answers = _answers(trained, kept, graded, language)
    if sum(said not in decided for said, _ in answers) < FEWEST_GRADED:
        passing = np.array([name not in aside for name in kept.intents])[kept.said]
        right = (kept.said == kept.truth) & passing
        return choose(np.where(passing, kept.sure, 0.0), right, target)
    sure = [0.0 if said in aside else confidence for said, confidence in answers]
    right = [said == row.intent for (said, _), row in zip(answers, graded, strict=True)]
    return choose(np.array(sure), np.array(right), target)


def _answers(
    trained: Trained, kept: OutOfFold, graded: Sequence[Sample], language: str
) -> list[tuple[str, float]]:
    """What the model says of each turn, and how surely, where its text was held out."""
    texts = [normalise(row.text, language) for row in trained.examples]
    places = by_text(
        kept.places([row.id for row in graded]),
        [normalise(row.text, language) for row in graded],
        {text: number for number, text in enumerate(texts)},
    )
    fresh = [row.text for row, at in zip(graded, places, strict=True) if at == NOWHERE]
    asked = iter(trained.student.predict(fresh))
    return [
        _answer(next(asked))
        if at == NOWHERE
        else (kept.intents[kept.said[at]], float(kept.sure[at]))
        for at in places
    ]


def _answer(said: Prediction) -> tuple[str, float]:
    return said.intent, said.confidence


def choose(sure: Floats, right: Mask, target: float) -> float:
    """The lowest threshold of the grid whose accepted rows are expected to be right so often.

    `sure` and `right` are of rows that the model could not learn from. With few rows the share of
    right ones jumps with each error, so the confidence is first corrected by a logistic curve
    (Platt 1999), which is pulled towards "it means what it says" as long as rows are few.
    """
    acted = sure > 0
    confidence = sure[acted].astype(np.float64)
    expected = _corrected(confidence, right[acted].astype(np.float64))
    chosen = UNREACHED
    for threshold in GRID:
        accepted = confidence >= threshold
        if accepted.sum() >= _FEWEST and expected[accepted].mean() >= target:
            chosen = threshold
    return chosen


def _corrected(confidence: Floats, right: Floats) -> Floats:
    inside = np.clip(confidence, _EDGE, 1 - _EDGE)
    odds = np.log(inside / (1 - inside))

    def loss(curve: Floats) -> float:
        score = curve[0] + curve[1] * odds
        pull = _PULL * (curve[0] ** 2 + (curve[1] - 1) ** 2) / 2
        return float(np.sum(np.logaddexp(0, score) - right * score) + pull)

    shift, slope = minimize(loss, [0.0, 1.0]).x
    corrected: Floats = 1 / (1 + np.exp(-(shift + slope * odds)))
    return corrected
