"""The student's standing as the database keeps it, and the event that tells of a new one."""

from uuid import NAMESPACE_URL, uuid5

from contracts.envelope import originate
from contracts.events import Basis, CertificateIssued, TrustState
from contracts.topology import source_of
from services.learning.certifying.certificate import Look
from services.learning.certifying.trust import (
    GradedCount,
    Policy,
    Standing,
    after_promotion,
    trust,
)
from services.runtime.live import LiveSettings
from services.storage import certificates, evidence, models, outbox
from services.storage.certificates import Certificate
from services.storage.engine import Transaction
from services.storage.outbox import NewRow


async def count_graded(transaction: Transaction, settings: LiveSettings) -> GradedCount:
    """How many drawn turns were graded, within the operator's window and ever."""
    return GradedCount(*await evidence.count(transaction, *settings.evidence_window))


def standing_of(stored: Certificate | None) -> Standing:
    """What the newest certificate says; at first nothing is proven."""
    if stored is None:
        return Standing()
    return Standing(
        state=TrustState(stored.state),
        target=stored.target,
        certified=stored.certified,
        provisional=stored.provisional,
        chosen_for=stored.chosen_for,
        floor=stored.floor,
        was_certified=stored.was_certified,
        looked_at=stored.looked_at,
        rows=stored.accepted_rows,
        right=stored.right_rows,
        bound=stored.bound,
        basis=Basis(stored.basis or Basis.AGREEMENT),
        kept_out=frozenset(stored.kept_out or ()),
        why=stored.why,
    )


async def standing_now(transaction: Transaction, policy: Policy, graded: GradedCount) -> Standing:
    """What stands for the model in force, also if a person has just put it there.

    The retrainer notes that a moment later; the model must not act by another one's threshold
    meanwhile.
    """
    stored = await certificates.newest(transaction)
    version = await models.alias(transaction, models.CHAMPION)
    standing = standing_of(stored)
    if stored is None or not put_by_hand(version, stored.model_version):
        return standing
    chosen = await certificates.provisional_for(transaction, version, policy.target)
    return after_choice(standing, chosen, policy, graded)


def put_by_hand(version: str | None, stands_for: str | None) -> bool:
    """Whether a person has put another model in force than the one that a standing is of."""
    return None not in (version, stands_for) and version != stands_for


def after_choice(
    standing: Standing, chosen: float | None, policy: Policy, graded: GradedCount
) -> Standing:
    """The standing of a model that a person has put in force, by what was chosen for it before.

    Where nothing is known of it, the threshold in force is kept.
    """
    kept = chosen or standing.provisional or policy.threshold
    return after_promotion(standing, kept, policy, graded)


async def put_in_force(
    transaction: Transaction,
    standing: Standing,
    policy: Policy,
    graded: GradedCount,
    *,
    model_version: str | None,
    cause: str,
    look: Look | None = None,
    seen_up_to: int | None = None,
) -> None:
    """Keep another standing, and tell every process.

    ``model_version`` is of the model in force, ``cause`` what led to the standing. Of a ``look`` or
    an alarm ``seen_up_to`` is the newest row of the evidence.
    """
    given = trust(standing, policy, graded)
    stored = Certificate(
        cause=cause,
        model_version=model_version,
        state=standing.state,
        threshold=given.threshold,
        certified=standing.certified,
        provisional=standing.provisional,
        floor=standing.floor,
        was_certified=standing.was_certified,
        number=None if look is None else look.number,
        level=None if look is None else look.level,
        seen_up_to=seen_up_to,
        looked_at=standing.looked_at,
        accepted_rows=standing.rows,
        right_rows=standing.right,
        bound=standing.bound,
        basis=standing.basis,
        kept_out=sorted(standing.kept_out),
        chosen_for=standing.chosen_for,
        target=standing.target or policy.target,
        why=standing.why,
    )
    trust_version = await certificates.add(transaction, stored)
    await outbox.add(transaction, [_issued(stored, trust_version)])


def _issued(stored: Certificate, trust_version: int) -> NewRow:
    event = CertificateIssued(
        version=trust_version,
        state=TrustState(stored.state),
        threshold=stored.threshold,
        target=stored.target,
        rows=stored.accepted_rows,
        bound=stored.bound,
        basis=Basis(stored.basis or Basis.AGREEMENT),
        model_version=stored.model_version,
        why=stored.why,
    )
    given_id = str(uuid5(NAMESPACE_URL, f"aprendiz:certificate:{trust_version}"))
    envelope = originate(event, source=source_of("retrainer"), given_id=given_id)
    return NewRow.of(envelope)
