"""Trains a student on some rows, lets it answer others, and judges and times it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter

import numpy as np

from services.learning.arrays import Floats
from services.learning.judging.evaluation import TARGETS, Evaluation, Guesses, evaluate, guesses_on
from services.learning.normalise import normalise
from services.learning.recipe.training import train
from services.learning.spelling import dictionary
from services.learning.student import Example


@dataclass(frozen=True, slots=True)
class Trial:
    """Figures, the guesses on the test rows, and times: of the training, and for one text."""

    evaluation: Evaluation
    fit_seconds: float
    latency_p50_ms: float
    latency_p99_ms: float
    guesses: Guesses = field(repr=False)
    test: tuple[Example, ...] = field(repr=False)

    def figures(self) -> dict[str, object]:
        """All figures, for JSON; shares in [0, 1]."""
        times = ("fit_seconds", "latency_p50_ms", "latency_p99_ms")
        return asdict(self.evaluation) | {name: getattr(self, name) for name in times}


def try_out(
    rows: Sequence[Example], test: Sequence[Example], *, language: str, target: float,
    seed: int = 0, clock: Callable[[], float] = perf_counter,
) -> Trial:  # fmt: skip
    """Raises TrainingDataError when the rows teach nothing. `clock` times the training."""
    dictionary(language)  # read once a process, which takes longer than to learn a few hundred rows
    began = clock()
    trained = train(rows, language=language, seed=seed)
    fit_seconds = clock() - began
    student, taught = trained.student, {row.intent for row in rows}
    texts = [row.text for row in test]
    known = {normalise(row.text, language) for row in rows}
    p50, p99 = np.percentile(_milliseconds(student.probabilities, texts), [50, 99])
    guesses = guesses_on(student.intents, student.probabilities(texts), test, taught)
    out_of_fold = guesses_on(student.intents, trained.out_of_fold, trained.examples, taught)
    evaluation = evaluate(
        guesses,
        out_of_fold,
        rows=test,
        also_in_training=sum(normalise(text, language) in known for text in texts),
        left_out=trained.left_out,
        targets=sorted({*TARGETS, target}),
    )
    return Trial(evaluation, fit_seconds, float(p50), float(p99), guesses, tuple(test))


def _milliseconds(ask: Callable[[Sequence[str]], Floats], texts: Sequence[str]) -> list[float]:
    """How long each text takes alone, in the order in which they would come."""
    times = []
    for text in texts:
        began = perf_counter()
        ask([text])
        times.append((perf_counter() - began) * 1000)
    return times
