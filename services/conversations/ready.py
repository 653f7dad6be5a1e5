"""Builds the TurnReady of a released turn."""

from collections.abc import Sequence
from datetime import datetime

from contracts.envelope import caused_id, originate
from contracts.events import Asked, Contact, TurnMessage, TurnReady
from services.conversations.turns import that_fit
from services.storage.conversations import Conversation, Message
from services.storage.outbox import NewRow
from services.storage.turns import Turn


def turn_ready(
    conversation: Conversation, turn: Turn, messages: Sequence[Message], now: datetime
) -> TurnReady:
    """The event; ``messages`` is not empty and stands in the order of sending."""
    return TurnReady(
        turn_id=turn.id,
        conversation_id=conversation.id,
        contact=Contact(
            id=conversation.contact_id or conversation.id,
            phone=conversation.contact_phone,
            name=conversation.contact_name,
        ),
        gateway=conversation.gateway,
        messages=tuple(_part(message) for message in that_fit(messages)),
        asked=_asked(conversation),
        opened_at=turn.opened_at or now,
        deadline_at=turn.deadline_at or now,
    )


def _part(message: Message) -> TurnMessage:
    return TurnMessage.model_validate(
        {
            "id": message.id,
            "provider_message_id": message.provider_message_id,
            "kind": message.kind,
            "text": message.text,
            "sent_at": message.sent_at,
        },
        strict=False,
    )


def _asked(conversation: Conversation) -> Asked | None:
    if conversation.asked_intent is None:
        return None
    return Asked(intent=conversation.asked_intent, text=conversation.asked_text or "")


def outbox_row(event: TurnReady, source: str) -> NewRow:
    """The event as a row to publish; the same turn always gives the same id."""
    given_id = caused_id(event.turn_id, event.type, 0)
    envelope = originate(event, source=source, given_id=given_id)
    return NewRow.of(envelope)
