"""Messages as the history keeps them."""

from datetime import datetime

from contracts.events import (
    Chat,
    HumanReplied,
    Kind,
    MessageReceived,
    ReplyFailed,
    ReplyRequested,
    ReplySent,
)
from services.storage.conversations import INBOUND, OUTBOUND, Message


def received(message_id: str, event: MessageReceived, arrived_at: datetime) -> Message:
    """What a customer wrote; it belongs to no turn yet."""
    return Message(
        id=message_id,
        conversation_id=event.conversation_id,
        turn_id=None,
        gateway=event.gateway,
        provider_message_id=event.provider_message_id,
        direction=INBOUND,
        author=None,
        kind=event.kind.value,
        chat=event.chat.value,
        text=event.text,
        sent_at=event.sent_at,
        silent_reason=None,
        created_at=arrived_at,
    )


def outgoing(
    message_id: str,
    event: HumanReplied | ReplyRequested | ReplySent | ReplyFailed,
    sent_at: datetime,
    arrived_at: datetime,
) -> Message:
    """What the shop writes; the author and the words may come later."""
    return Message(
        id=message_id,
        conversation_id=event.conversation_id,
        turn_id=None,
        gateway=event.gateway,
        provider_message_id=None,
        direction=OUTBOUND,
        author=None,
        kind=Kind.TEXT.value,
        chat=Chat.DIRECT.value,
        text=None,
        sent_at=sent_at,
        silent_reason=None,
        created_at=arrived_at,
    )
