"""What the student's word, replies and their fate do to a conversation."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import IntentClassified, ReplyFailed, ReplyRequested, ReplySent
from services.conversations.history import outgoing
from services.conversations.moment import Moment
from services.conversations.picture import Picture
from services.conversations.turns import noted, outcome_of
from services.storage.conversations import Message


def intent_classified(picture: Picture, event: IntentClassified) -> None:
    """Note the student's word on the turn; a turn that is not known here stays unknown."""
    turn = picture.turns.get(event.turn.turn_id)
    if turn is not None:
        picture.change_turn(noted(turn, event))


def reply_requested(
    picture: Picture, envelope: Envelope[Any], event: ReplyRequested, moment: Moment
) -> None:
    """Keep the words, remember what they ask, and end the turn that they answer."""
    known = picture.messages.get(envelope.id)
    if known is not None and known.author is not None:
        picture.count("repeat", "reply")
        return
    written_at = picture.arrived_at(moment.now)
    reply = known or outgoing(envelope.id, event, envelope.time, written_at)
    picture.change_outgoing(
        replace(reply, author=event.author.value, text=event.text, turn_id=event.turn_id)
    )
    _note_question(picture, event)
    turn = picture.current(event.conversation_id)
    if turn is not None and turn.id == event.turn_id:
        picture.end(turn, outcome_of(event.kind), event.author.value, moment.now)


def _note_question(picture: Picture, event: ReplyRequested) -> None:
    conversation = picture.conversations[event.conversation_id]
    asked = event.text if event.asks else None
    picture.change_conversation(replace(conversation, asked_intent=event.asks, asked_text=asked))


def reply_sent(picture: Picture, event: ReplySent, moment: Moment) -> None:
    """Note the provider's name for the reply, unless another message goes by it."""
    message = _reply(picture, event, event.sent_at, moment)
    owner = picture.owner_of(event.gateway, event.provider_message_id)
    if owner in (None, message.id):
        message = replace(message, provider_message_id=event.provider_message_id)
    picture.change_outgoing(replace(message, sent_at=event.sent_at, silent_reason=None))


def reply_failed(picture: Picture, event: ReplyFailed, moment: Moment) -> None:
    """Note why the customer doesn't have the reply; one that was sent after all stays sent."""
    message = _reply(picture, event, moment.now, moment)
    if message.provider_message_id is None:
        reason = "outcome_unknown" if event.outcome_unknown else "not_delivered"
        picture.change_outgoing(replace(message, silent_reason=reason))


def _reply(
    picture: Picture, event: ReplySent | ReplyFailed, sent_at: datetime, moment: Moment
) -> Message:
    """The reply that the gateway speaks of; its words may still be on their way to us."""
    known = picture.messages.get(event.reply_id)
    if known is not None:
        return known
    unheard = outgoing(event.reply_id, event, sent_at, picture.arrived_at(moment.now))
    return replace(unheard, turn_id=event.turn_id)
