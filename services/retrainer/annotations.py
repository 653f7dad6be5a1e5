"""Notes who labelled a turn how, and what follows for its sample when labels agree or differ."""

from collections.abc import Iterator, Sequence

from contracts.catalogue import OUT_OF_SCOPE
from contracts.envelope import Envelope
from contracts.events import Author, Graded, SampleRecorded
from services.learning.certifying.drawing import is_drawn
from services.learning.certifying.evidence import settled
from services.storage import evidence, samples
from services.storage.engine import Transaction
from services.storage.evidence import Annotation, Row, StudentAnswer


async def annotate(
    transaction: Transaction, recorded: Sequence[Envelope[SampleRecorded]], audited: float
) -> None:
    """Keep every label as evidence; ``audited`` is the share of agreements a person shall check."""
    turn_ids = {each.data.turn_id for each in recorded if each.data.turn_id is not None}
    if not turn_ids:
        return
    await evidence.annotate(
        transaction, [found for each in recorded for found in _annotations(each)]
    )
    # Also when the teacher's sample came after the person's.
    by_people = await evidence.labelled_by_people(transaction, turn_ids)
    await samples.overrule(transaction, by_people, Author.PERSON)
    known = await evidence.of_turns(transaction, turn_ids)
    for row in known.values():
        await _settle(transaction, row)
    agreements = [row.turn_id for row in known.values() if row.drawn and row.teacher == row.said]
    chosen = [turn_id for turn_id in agreements if is_drawn(f"audit/{turn_id}", audited)]
    await evidence.to_audit(transaction, chosen)


def _annotations(envelope: Envelope[SampleRecorded]) -> Iterator[Annotation]:
    """The sample as a label of its turn; none where no model had said anything of it."""
    data = envelope.data
    by = _by(data)
    if data.turn_id is None or by is None or (by == "teacher" and data.graded is None):
        return
    graded = data.graded
    yield Annotation(
        turn_id=data.turn_id,
        by=by,
        label=data.label,
        text=data.text,
        contact_id=data.contact_id,
        origin=data.origin,
        at=envelope.time,
        said=None if graded is None else _student_answer(graded),
    )


def _student_answer(graded: Graded) -> StudentAnswer:
    return StudentAnswer(graded.said, graded.confidence, graded.model_version, graded.drawn)


def _by(data: SampleRecorded) -> str | None:
    if data.labelled_by is Author.PERSON:
        return "person"
    if data.labelled_by is Author.TEACHER:
        return "second" if data.second else "teacher"
    return None


async def _settle(transaction: Transaction, row: Row) -> None:
    """Release a held sample once the second answer agrees with the first one or the student."""
    if row.teacher is None or row.second is None or row.second not in (row.teacher, row.said):
        return
    agreed = settled(row.said, row.teacher, row.second)
    await samples.release(transaction, row.turn_id, None if agreed == OUT_OF_SCOPE else agreed)
