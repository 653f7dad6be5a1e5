"""Decides whether the bot may answer a message at all."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.events import Chat, Kind, MessageReceived
from services.runtime.live import LiveSettings
from services.storage.conversations import Conversation

REPLY_SPAN = timedelta(minutes=5)
"""The time over which replies to one contact are counted."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far a gateway's clock may be ahead of ours."""

_OPT_OUT = frozenset({"baja", "stop"})
_OPT_IN = frozenset({"alta"})
_TYPED = (Kind.TEXT, Kind.BUTTON)
_WANT_NO_ANSWER = (Kind.REACTION, Kind.EDITED, Kind.DELETED)
_NOT_A_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Speak:
    """The message may be answered."""


@dataclass(frozen=True)
class Silent:
    """The message is recorded with this reason and not answered."""

    reason: str


Decision = Speak | Silent


def opted_out(event: MessageReceived, before: bool) -> bool:
    """Whether the contact wants no answers from now on: `baja` or `stop`, until `alta`."""
    if event.chat is not Chat.DIRECT or event.kind not in _TYPED:
        return before
    word = _NOT_A_LETTER.sub("", event.text or "").casefold()
    return word in _OPT_OUT or (before and word not in _OPT_IN)


def is_fresh(sent_at: datetime, settings: LiveSettings, now: datetime) -> bool:
    """Whether something was written so lately that it still matters to the conversation."""
    return now - sent_at <= timedelta(minutes=settings.mensaje_edad_maxima_minutos)


def speak(
    event: MessageReceived,
    conversation: Conversation,
    replies: int,
    settings: LiveSettings,
    now: datetime,
) -> Decision:
    """Decide; ``replies`` is how many the contact had within ``REPLY_SPAN``."""
    reasons = {
        f"chat_{event.chat}": event.chat is not Chat.DIRECT,
        f"kind_{event.kind}": event.kind in _WANT_NO_ANSWER,
        "opted_out": conversation.opted_out,
        "muted": is_muted(conversation, now),
        "too_old": not is_fresh(event.sent_at, settings, now),
        "from_the_future": event.sent_at - now > CLOCK_SKEW,
        "reply_cap": replies >= settings.respuestas_maximas_5min,
    }
    reason = next((name for name, holds in reasons.items() if holds), None)
    return Silent(reason) if reason else Speak()


def is_muted(conversation: Conversation, now: datetime) -> bool:
    """Whether a person has the conversation."""
    return conversation.muted_until is not None and conversation.muted_until > now
