"""What the student is trusted with, why, and what led to it: for people and programs to see."""

from dataclasses import asdict

from services.learning.certifying.evidence import Evidence
from services.learning.certifying.shown import show
from services.learning.slot import TrustSlot
from services.panel.bodies import Certificate, Figures, Trusted
from services.runtime.live import LiveSettings
from services.storage import certificates, evidence
from services.storage.engine import Database


async def trusted(
    database: Database, slot: TrustSlot, settings: LiveSettings, limit: int
) -> Trusted:
    """The trust in force, figures of the evidence at its threshold, and the newest certificates."""
    async with database.read() as connection:
        rows = await evidence.window(
            connection, settings.ml_evidencia_dias, settings.ml_evidencia_filas
        )
        history = await certificates.history(connection, limit)
    given = slot.trust
    graded = [
        Evidence(row.said, row.confidence, row.teacher, row.second, row.person) for row in rows
    ]
    return Trusted(
        state=given.state,
        threshold=given.threshold,
        mode=settings.ml_umbral_modo,
        target=given.policy.target,
        drawn=given.share,
        probation=given.probation,
        why=history[0].why if history else "too few turns were graded to test anything",
        evidence=Figures(**asdict(show(graded, given.threshold, given.policy.delta))),
        history=tuple(Certificate.model_validate(each, from_attributes=True) for each in history),
    )
