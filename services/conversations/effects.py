"""What each event does to the picture of its conversation. Doing it again changes nothing."""

from dataclasses import replace
from typing import Any

from contracts.envelope import Envelope
from contracts.events import (
    Chat,
    HandoffRequested,
    HumanReplied,
    IntentClassified,
    MessageReceived,
    ReplyFailed,
    ReplyRequested,
    ReplySent,
)
from services.conversations.history import received
from services.conversations.moment import Moment
from services.conversations.picture import Picture
from services.conversations.replies import (
    intent_classified,
    reply_failed,
    reply_requested,
    reply_sent,
)
from services.conversations.speak import Silent, opted_out, speak
from services.conversations.takeover import handoff_requested, human_replied
from services.conversations.turns import Expire, Outcome, Release, Silence, due, joined
from services.storage.conversations import Conversation


def apply(picture: Picture, envelope: Envelope[Any], moment: Moment) -> None:
    """Let an event take effect."""
    match envelope.data:
        case MessageReceived() as event:
            _message_received(picture, envelope.id, event, moment)
        case HumanReplied() as event:
            human_replied(picture, envelope.id, event, moment)
        case IntentClassified() as event:
            intent_classified(picture, event)
        case ReplyRequested() as event:
            reply_requested(picture, envelope, event, moment)
        case ReplySent() as event:
            reply_sent(picture, event, moment)
        case ReplyFailed() as event:
            reply_failed(picture, event, moment)
        case HandoffRequested() as event:
            handoff_requested(picture, envelope, event, moment)


def settle(picture: Picture, moment: Moment) -> None:
    """Take every step that is due in the conversations of the picture."""
    for name in picture.conversations:
        steps = due(
            picture.conversations[name], picture.current(name), picture.gathering(name), moment.now
        )
        for step in steps:
            match step:
                case Expire(turn):
                    picture.end(turn, Outcome.EXPIRED, "deadline", moment.now)
                case Silence(turn, why):
                    picture.end(turn, Outcome.SILENT, why, moment.now)
                case Release(turn):
                    picture.release(turn, moment.deadline, moment.now)


def _message_received(
    picture: Picture, message_id: str, event: MessageReceived, moment: Moment
) -> None:
    if picture.owner_of(event.gateway, event.provider_message_id) is not None:
        picture.count("repeat", "message")
        return
    conversation = _heard(picture.conversations[event.conversation_id], event)
    picture.change_conversation(conversation)
    message = received(message_id, event, picture.arrived_at(moment.now))
    replies = picture.replies.get(conversation.id, 0)
    decision = speak(event, conversation, replies, moment.settings, moment.now)
    if isinstance(decision, Silent):
        picture.count("silent", decision.reason)
        picture.add_received(replace(message, silent_reason=decision.reason))
        return
    turn = joined(
        picture.gathering(conversation.id),
        picture.latest(conversation.id),
        message,
        moment.window(event.gateway),
        moment.now,
    )
    picture.change_turn(turn)
    picture.add_received(replace(message, turn_id=turn.id))


def _heard(conversation: Conversation, event: MessageReceived) -> Conversation:
    """The conversation with what the message says of the contact; a group has many."""
    direct = event.chat is Chat.DIRECT
    contact = event.contact
    return replace(
        conversation,
        gateway=event.gateway,
        chat=event.chat.value,
        contact_id=contact.id if direct else conversation.contact_id,
        contact_phone=(contact.phone if direct else None) or conversation.contact_phone,
        contact_name=(contact.name if direct else None) or conversation.contact_name,
        opted_out=opted_out(event, conversation.opted_out),
        last_inbound_at=max(event.sent_at, conversation.last_inbound_at or event.sent_at),
    )
