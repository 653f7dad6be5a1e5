"""Stores samples and requests; when a training is due is for others to see."""

from collections.abc import Callable, Sequence
from typing import Any

from contracts.envelope import Envelope
from contracts.events import SampleRecorded, TrainingRequested
from services.runtime.batch import Result
from services.storage import training
from services.storage.engine import Database
from services.storage.training import NewSample, Request


class Handler:
    """Takes samples and requests for trainings; repeats change nothing."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """``wake`` is called when something was stored."""
        self._database = database
        self._wake = wake

    async def handle(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        """Store the batch in one transaction; it causes no events."""
        samples = [_sample(each) for each in batch if isinstance(each.data, SampleRecorded)]
        requests = [
            Request(each.data.training_id, each.data.requested_by)
            for each in batch
            if isinstance(each.data, TrainingRequested)
        ]
        async with self._database.begin() as connection:
            await training.store_samples(connection, samples)
            await training.request(connection, requests)
        self._wake()
        return [[] for _ in batch]


def _sample(envelope: Envelope[SampleRecorded]) -> NewSample:
    data = envelope.data
    return NewSample(
        event_id=envelope.id,
        text=data.text,
        intent=data.intent,
        labelled_by=data.labelled_by,
        confidence=data.confidence,
        origin=data.origin,
        conversation_id=data.conversation_id,
        contact_id=data.contact_id,
        turn_id=data.turn_id,
        created_at=envelope.time,
    )
