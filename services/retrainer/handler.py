"""Stores samples, evidence and requests; when something is due is for others to see."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from contracts.envelope import Envelope
from contracts.events import SampleRecorded, TrainingRequested
from services.retrainer.admission import admit
from services.retrainer.voices import hear
from services.runtime.batch import Result
from services.runtime.live import Live
from services.storage import samples, training
from services.storage.engine import Database
from services.storage.samples import NewSample
from services.storage.training import Request

Recorded = Envelope[SampleRecorded]


class Handler:
    """Takes samples and requests for trainings; repeats change nothing."""

    def __init__(self, database: Database, live: Live, wake: Callable[[], None]) -> None:
        """``wake`` is called when something was stored."""
        self._database = database
        self._live = live
        self._wake = wake

    async def handle(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        """Store the batch in one transaction; it causes no events."""
        settings = self._live.settings
        recorded = [each for each in batch if isinstance(each.data, SampleRecorded)]
        first = [each for each in recorded if not each.data.second]
        requests = [
            Request(each.data.training_id, each.data.requested_by)
            for each in batch
            if isinstance(each.data, TrainingRequested)
        ]
        async with self._database.begin() as connection:
            contacts = {each.data.contact_id for each in first if each.data.contact_id}
            sent = Counter(await samples.sent_today(connection, contacts))
            stored = [_sample(each, sent, settings.ml_muestras_contacto_dia) for each in first]
            await samples.store(connection, stored)
            await hear(connection, recorded, settings.ml_auditoria / 100)
            await training.request(connection, requests)
        self._wake()
        return [[] for _ in batch]


def _sample(envelope: Recorded, sent: Counter[str], most: int) -> NewSample:
    data, graded = envelope.data, envelope.data.graded
    admission = admit(data, sent, most)
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
        state=admission.state,
        reason=admission.reason,
        said=graded.said if graded else None,
        sureness=graded.confidence if graded else None,
        proposed=data.proposed,
    )
