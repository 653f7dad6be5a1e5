"""The teacher's words on a turn as events: a reply to the customer, a sample for the student."""

from contracts.events import Author, Origin, ReplyKind, ReplyRequested, SampleRecorded, TurnReady
from services.runtime.settings import SIMULATOR
from services.teacher.answer import Answer


def reply_to(
    turn: TurnReady, text: str, kind: ReplyKind, intent: str | None = None
) -> ReplyRequested:
    """A reply to the turn's last message; the customer waits since the first one."""
    return ReplyRequested(
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        contact=turn.contact,
        gateway=turn.gateway,
        text=text,
        kind=kind,
        author=Author.TEACHER,
        intent=intent,
        in_reply_to=turn.messages[-1].provider_message_id,
        received_at=turn.messages[0].sent_at,
    )


def sample_of(turn: TurnReady, answer: Answer) -> SampleRecorded:
    """The turn's text with the teacher's label."""
    return SampleRecorded(
        text=turn.text,
        intent=answer.intent,
        labelled_by=Author.TEACHER,
        confidence=answer.confidence,
        origin=Origin.SIMULATED if turn.gateway == SIMULATOR else Origin.LIVE,
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        contact_id=turn.contact.id,
    )
