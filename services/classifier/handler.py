"""Takes turns by the batch: one prediction for all of them, one event for each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from contracts.envelope import Envelope
from contracts.events import TurnReady
from services.classifier.classify import classify
from services.learning.slot import ModelSlot
from services.learning.student import Prediction, Student
from services.runtime.batch import Result
from services.runtime.live import Live


@dataclass(frozen=True)
class Classifier:
    """Classifies with the model and the threshold that are in force when a batch begins."""

    live: Live
    slot: ModelSlot
    classified: Counter
    """By route and reason."""

    async def handle(self, batch: Sequence[Envelope[TurnReady]]) -> Sequence[Result]:
        """One IntentClassified for each turn."""
        student, threshold = self.slot.student, self.live.settings.threshold
        turns = [envelope.data for envelope in batch]
        predictions = await _predict(student, turns)
        version = student.version if student else None
        events = [
            classify(turn, prediction, version, threshold)
            for turn, prediction in zip(turns, predictions, strict=True)
        ]
        for event in events:
            self.classified.labels(event.route, event.reason).inc()
        return [[event] for event in events]


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
