"""What the student is trusted with, why, and what led to it: for people and programs to see."""

import asyncio
from dataclasses import asdict

from contracts.manifest import Manifest
from services.learning.certifying.graded import as_evidence
from services.learning.certifying.shown import show
from services.learning.certifying.slot import TrustSlot
from services.learning.normalise import different
from services.panel.bodies import Certificate, Figures, Trusted
from services.runtime.live import LiveSettings
from services.storage import certificates, evidence, models, training
from services.storage.engine import Database, Transaction
from services.storage.models import CHAMPION, ModelMissing


async def describe_trust(
    database: Database, slot: TrustSlot, settings: LiveSettings, limit: int
) -> Trusted:
    """The trust in force, figures of the evidence at its threshold, and the newest certificates."""
    async with database.read() as connection:
        rows = await evidence.window(connection, *settings.evidence_window)
        history = await certificates.history(connection, limit)
        champion = await _champion(connection)
        texts = await training.texts_since_last(connection)
    # Beside the event loop, and in no transaction: ten thousand texts take a second.
    new = await asyncio.to_thread(different, texts, settings.ml_idioma)
    given = slot.trust
    graded = [as_evidence(row, given.policy) for row in rows]
    return Trusted(
        state=given.state,
        threshold=given.threshold,
        mode=settings.ml_umbral_modo,
        target=given.policy.target,
        drawn=given.share,
        probation=given.probation,
        why=given.why,
        model_version=champion and champion.version,
        model_created_at=champion and champion.created_at,
        samples_until_training=settings.until_training(new),
        evidence=Figures(**asdict(show(graded, given.threshold, given.policy.delta))),
        history=tuple(Certificate.model_validate(each, from_attributes=True) for each in history),
    )


async def _champion(transaction: Transaction) -> Manifest | None:
    try:
        return (await models.find(transaction, CHAMPION)).manifest
    except ModelMissing:
        return None
