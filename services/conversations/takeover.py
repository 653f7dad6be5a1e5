"""What it does to a conversation that a person of the shop takes it over, or is asked to."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Author, HandoffRequested, HumanReplied
from services.conversations.history import outgoing
from services.conversations.moment import Moment
from services.conversations.picture import Picture
from services.conversations.speak import is_fresh
from services.conversations.turns import Outcome
from services.storage.turns import OPEN


def human_replied(picture: Picture, message_id: str, event: HumanReplied, moment: Moment) -> None:
    """A person took over, unless this is an echo of the bot's words, or news of long ago."""
    if picture.owner_of(event.gateway, event.provider_message_id) is not None:
        picture.count("repeat", "message")
        return
    written = outgoing(message_id, event, event.sent_at, picture.arrived_at(moment.now))
    picture.add_received(
        replace(
            written,
            author=Author.PERSON.value,
            text=event.text,
            provider_message_id=event.provider_message_id,
        )
    )
    if not is_fresh(event.sent_at, moment.settings, moment.now):
        return
    for turn in (picture.current(event.conversation_id), picture.gathering(event.conversation_id)):
        if turn is not None:
            outcome = Outcome.HUMAN if turn.state == OPEN else Outcome.SILENT
            picture.end(turn, outcome, Author.PERSON.value, moment.now)
    _mute(picture, event.conversation_id, event.sent_at, moment)
    conversation = picture.conversations[event.conversation_id]
    picture.change_conversation(replace(conversation, asked_intent=None, asked_text=None))


def _mute(picture: Picture, conversation_id: str, since: datetime, moment: Moment) -> None:
    """Counted from the event and not from now, so that a repeat doesn't make it longer."""
    conversation = picture.conversations[conversation_id]
    until = min(since, moment.now) + moment.pause
    if conversation.muted_until is None or conversation.muted_until < until:
        picture.change_conversation(replace(conversation, muted_until=until))


def handoff_requested(
    picture: Picture, envelope: Envelope[Any], event: HandoffRequested, moment: Moment
) -> None:
    """The open turn stays: the reply that announces the person still closes it."""
    _mute(picture, event.conversation_id, envelope.time, moment)
