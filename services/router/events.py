"""What the router says to the others, as events."""

from contracts.events import (
    Author,
    HandoffRequested,
    IntentClassified,
    Reason,
    ReplyRequested,
    Route,
    TurnReady,
)
from services.router.case import Handoff, Reply


def reply_requested(
    turn: TurnReady, intent: str | None, outcome: Reply | Handoff
) -> ReplyRequested:
    """The answer to a turn."""
    return ReplyRequested.to(
        turn,
        outcome.text,
        Author.ROUTER,
        intent=intent,
        asks=outcome.asks if isinstance(outcome, Reply) else None,
    )


def handoff_requested(turn: TurnReady, intent: str | None, outcome: Handoff) -> HandoffRequested:
    """The call for a person of the shop."""
    return HandoffRequested(
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        gateway=turn.gateway,
        requested_by=Author.ROUTER,
        intent=intent,
        note=outcome.note,
    )


def escalated(event: IntentClassified) -> IntentClassified:
    """The same turn for the teacher, with what the student thought of it."""
    return event.model_copy(update={"route": Route.UNSURE, "reason": Reason.ESCALATED})
