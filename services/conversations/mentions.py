"""Names everything that a batch of events is about, so that it is read at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
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
from services.storage.conversations import Conversation, ProviderId

TAKEN = (
    MessageReceived,
    HumanReplied,
    IntentClassified,
    ReplyRequested,
    ReplySent,
    ReplyFailed,
    HandoffRequested,
)
"""The events that have an effect here."""


@dataclass
class Mentions:
    """Ids, and conversations as they would begin if nobody knew them yet."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    turns: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    provider_ids: set[ProviderId] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    """Conversations in which a customer wrote."""


def mentions(envelopes: Iterable[Envelope[Any]], now: datetime) -> Mentions:
    """Collect them."""
    found = Mentions()
    for envelope in envelopes:
        _collect(found, envelope, now)
    return found


def _collect(found: Mentions, envelope: Envelope[Any], now: datetime) -> None:
    event = envelope.data
    about = event.turn if isinstance(event, IntentClassified) else event
    chat = event.chat if isinstance(event, MessageReceived) else Chat.DIRECT
    name = about.conversation_id
    if name not in found.conversations:
        found.conversations[name] = Conversation.new(name, about.gateway, chat.value, now)
    if isinstance(event, MessageReceived):
        found.writers.add(name)
    if isinstance(event, MessageReceived | HumanReplied | ReplySent):
        found.provider_ids.add((event.gateway, event.provider_message_id))
    if isinstance(event, IntentClassified | ReplyRequested):
        found.turns.add(about.turn_id)
    if isinstance(event, ReplyRequested):
        found.messages.add(envelope.id)
    if isinstance(event, ReplySent | ReplyFailed):
        found.messages.add(event.reply_id)
