"""Decides when a turn begins, waits, opens and ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.envelope import caused_id
from contracts.events import IntentClassified, Reason, ReplyKind
from services.conversations.speak import is_muted
from services.storage.conversations import Conversation, Message
from services.storage.turns import GATHERING, HUMAN, OPEN, Turn

PATIENCE = 10
"""Quiet windows after which a turn closes for who never stops writing."""
MOST_MESSAGES = 50
MOST_TEXT = 20_000
"""Characters. With ``MOST_MESSAGES`` it keeps every event that carries the turn under 256 KiB."""


class Outcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    HELD = "held"
    EXPIRED = "expired"
    HUMAN = HUMAN
    SILENT = "silent"


@dataclass(frozen=True)
class Expire:
    """The deadline has passed without a reply: the next turn need not wait any longer."""

    turn: Turn


@dataclass(frozen=True)
class Silence:
    """Nobody wants the bot's answer any more."""

    turn: Turn
    why: str


@dataclass(frozen=True)
class Release:
    """The window has closed and nothing is open: the turn's time has come."""

    turn: Turn


Step = Expire | Silence | Release


def joined(
    gathering: Turn | None, latest: Turn | None, message: Message, window: timedelta, now: datetime
) -> Turn:
    """The turn that gathers the message: the one that gathers already, or a new one."""
    turn = gathering or _begun(message, (latest.ordinal if latest else 0) + 1, now)
    return replace(turn, release_at=min(now + window, turn.created_at + PATIENCE * window))


def _begun(message: Message, ordinal: int, now: datetime) -> Turn:
    return Turn(
        id=caused_id(message.id, "turn", 0),
        conversation_id=message.conversation_id,
        state=GATHERING,
        ordinal=ordinal,
        release_at=now,
        deadline_at=None,
        opened_at=None,
        closed_at=None,
        closed_by=None,
        intent=None,
        confidence=None,
        reason=None,
        model_version=None,
        created_at=now,
    )


def due(
    conversation: Conversation, current: Turn | None, gathering: Turn | None, now: datetime
) -> list[Step]:
    """What has to happen now to a conversation's turns, in this order; ``current`` is open."""
    steps: list[Step] = []
    if current and _has_passed(current.deadline_at, now):
        steps.append(Expire(current))
        current = None
    if gathering and (why := _unwanted(conversation, now)):
        steps.append(Silence(gathering, why))
    elif gathering and current is None and _has_passed(gathering.release_at, now):
        steps.append(Release(gathering))
    return steps


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment <= now


def _unwanted(conversation: Conversation, now: datetime) -> str | None:
    if conversation.opted_out:
        return "opted_out"
    return "muted" if is_muted(conversation, now) else None


def opened(turn: Turn, deadline_at: datetime, now: datetime) -> Turn:
    """The turn, handed to the classifier."""
    return replace(turn, state=OPEN, opened_at=now, deadline_at=deadline_at)


def ended(turn: Turn, outcome: Outcome, by: str, now: datetime) -> Turn:
    """The turn, ended; a turn ends once."""
    return replace(turn, state=outcome.value, closed_at=now, closed_by=by)


def outcome_of(reply: ReplyKind) -> Outcome:
    """How a reply ends its turn."""
    return Outcome.HELD if reply is ReplyKind.HOLDING else Outcome.ANSWERED


def noted(turn: Turn, event: IntentClassified) -> Turn:
    """The turn with the student's word noted; an escalation came after it, and stands."""
    if turn.reason == Reason.ESCALATED and event.reason is not Reason.ESCALATED:
        return turn
    return replace(
        turn,
        intent=event.intent,
        confidence=event.confidence,
        reason=event.reason.value,
        model_version=event.model_version,
    )


def that_fit(messages: Sequence[Message]) -> list[Message]:
    """The newest messages that fit into an event; a flood's older ones stay in the history."""
    kept: list[Message] = []
    room = MOST_TEXT
    for message in reversed(messages[-MOST_MESSAGES:]):
        room -= len(message.text or "")
        if room < 0 and kept:
            break
        kept.append(message)
    return kept[::-1]
