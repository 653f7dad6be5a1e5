"""What the student gets of a teacher's answer: a sample, and a second question where one is due."""

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import (
    Author,
    Event,
    Graded,
    IntentClassified,
    Reason,
    Route,
    SampleRecorded,
)
from services.learning.certifying.holding import is_suspicious
from services.runtime.settings import origin_of
from services.teacher.answer import Answer


def events_for_student(classified: IntentClassified, answer: Answer) -> list[Event]:
    """The answer as a sample, and the turn once more where it must be asked about blindly."""
    if classified.drawn and classified.reason is Reason.ESCALATED:
        return []  # its shadow has the same answer, and records it
    sample = sample_of(classified, answer)
    return [sample, _dispute(classified)] if _contradicts(sample) else [sample]


def sample_of(classified: IntentClassified, answer: Answer) -> SampleRecorded:
    """The turn's text with the teacher's label, beside what the student had said."""
    turn = classified.turn
    return SampleRecorded(
        text=turn.text,
        intent=answer.intent,
        labelled_by=Author.TEACHER,
        confidence=answer.confidence,
        origin=origin_of(turn.gateway),
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        contact_id=turn.contact.id,
        graded=_graded(classified),
        second=classified.reason is Reason.DISPUTED,
        proposed=answer.proposed_intent,
    )


def _graded(classified: IntentClassified) -> Graded | None:
    """None where no model said anything of use.

    There was none, a rule has resolved the turn, or the intent is no longer in the catalogue: then
    any label contradicts it, which says nothing against either.
    """
    gone = classified.reason is Reason.OUT_OF_SCOPE and classified.intent != OUT_OF_SCOPE
    if classified.intent is None or classified.model_version is None or gone:
        return None
    return Graded(
        said=classified.intent,
        confidence=classified.confidence,
        model_version=classified.model_version,
        drawn=classified.drawn,
    )


def _contradicts(sample: SampleRecorded) -> bool:
    graded = sample.graded
    return graded is not None and is_suspicious(graded.said, graded.confidence, sample.label)


def _dispute(classified: IntentClassified) -> IntentClassified:
    return classified.model_copy(update={"route": Route.SHADOW, "reason": Reason.DISPUTED})
