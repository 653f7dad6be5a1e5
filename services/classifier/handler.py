"""Takes turns by the batch: one prediction for all of them, and what follows for each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from prometheus_client import Counter

from contracts.envelope import Envelope
from contracts.events import TurnReady
from services.classifier.classify import classify
from services.learning.certifying.slot import ModelSlot, TrustSlot
from services.learning.student import Prediction, Student
from services.runtime.batch import Result


@dataclass(frozen=True)
class Classifier:
    """Classifies with the model and the trust that are in force when a batch begins."""

    trusted: TrustSlot
    slot: ModelSlot
    classified: Counter
    """By route and reason; a shadow is told by its route."""

    async def handle(self, batch: Sequence[Envelope[TurnReady]]) -> Sequence[Result]:
        """An IntentClassified for each turn, and its shadow for one to be graded beside."""
        student, trust = self.slot.student, self.trusted.trust
        turns = [envelope.data for envelope in batch]
        predictions = await _predict(student, turns)
        version = student.version if student else None
        results = [
            classify(turn, prediction, version, trust)
            for turn, prediction in zip(turns, predictions, strict=True)
        ]
        for event in chain.from_iterable(results):
            self.classified.labels(event.route, event.reason).inc()
        return results


async def _predict(
    student: Student | None, turns: Sequence[TurnReady]
) -> Sequence[Prediction | None]:
    """A prediction for each turn; None without a model, and for turns without text."""
    predictions: list[Prediction | None] = [None] * len(turns)
    readable = [place for place, turn in enumerate(turns) if turn.text.strip()]
    if student is None or not readable:
        return predictions
    texts = [turns[place].text for place in readable]
    # In a thread: 64 texts take 20 ms or more, and other services may share this loop.
    found = await asyncio.to_thread(student.predict, texts)
    for place, prediction in zip(readable, found, strict=True):
        predictions[place] = prediction
    return predictions
