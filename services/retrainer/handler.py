"""Stores samples, evidence and requests; when something is due is for others to see."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from contracts.envelope import Envelope
from contracts.events import SampleRecorded, TrainingRequested
from services.retrainer.admission import admit
from services.retrainer.annotations import annotate
from services.retrainer.naming import Recorded, named_as_today
from services.runtime.batch import Result
from services.runtime.live import Live
from services.storage import samples, training, versions
from services.storage.engine import Database, Transaction
from services.storage.samples import NewSample
from services.storage.training import Request


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
        arrived = [each for each in batch if isinstance(each.data, SampleRecorded)]
        requests = [
            Request(each.data.training_id, each.data.requested_by)
            for each in batch
            if isinstance(each.data, TrainingRequested)
        ]
        async with self._database.begin() as connection:
            # One retrainer after the other, or each would count what a contact sent without the
            # other's; and an intent is renamed before this or after it, not in between.
            await versions.hold(connection, versions.CATALOGUE)
            recorded = await named_as_today(connection, arrived)
            first = [each for each in recorded if not each.data.second]
            await self._store(connection, first, settings.ml_muestras_contacto_dia)
            await annotate(connection, recorded, settings.audited)
            await training.request(connection, requests)
        self._wake()
        return [[] for _ in batch]

    async def _store(
        self, transaction: Transaction, recorded: Sequence[Recorded], most: int
    ) -> None:
        """Keep new samples, at most so many a contact and day for the student to learn."""
        # What came before already counts among those of today.
        known = await samples.known(transaction, [each.id for each in recorded])
        new = list({each.id: each for each in recorded if each.id not in known}.values())
        contacts = {each.data.contact_id for each in new if each.data.contact_id}
        sent = Counter(await samples.sent_today(transaction, contacts))
        await samples.store(transaction, [_sample(each, sent, most) for each in new])


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
        said_confidence=graded.confidence if graded else None,
        proposed=data.proposed,
    )
