"""Turns as conversations releases them, for the tests of those who take them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.envelope import Envelope, originate
from contracts.events import (
    Asked,
    Contact,
    Event,
    IntentClassified,
    Kind,
    Reason,
    Route,
    TurnMessage,
    TurnReady,
)
from services.runtime.batch import Result
from services.runtime.policy import Refused

SENT_AT = datetime(2026, 11, 2, 15, 30, tzinfo=UTC)
ANA = Contact(id="MX.1020304050", phone="+5215512345678", name="Ana")


def turn_of(
    *texts: str | None,
    kinds: tuple[Kind, ...] = (),
    asked: str | None = None,
    turn_id: str = "t-1",
    contact: Contact = ANA,
) -> TurnReady:
    """A turn of one message for each text, a second apart; ``asked`` is an intent's name."""
    messages = tuple(
        TurnMessage(
            id=f"{turn_id}-{place}",
            provider_message_id=f"wamid.{turn_id}.{place}",
            kind=kinds[place] if kinds else Kind.TEXT,
            text=text,
            sent_at=SENT_AT + timedelta(seconds=place),
        )
        for place, text in enumerate(texts)
    )
    return TurnReady(
        turn_id=turn_id,
        conversation_id=f"whatsapp:{turn_id}",
        contact=contact,
        gateway="whatsapp",
        messages=messages,
        asked=Asked(intent=asked, text="¿...?") if asked else None,
        opened_at=SENT_AT + timedelta(seconds=5),
        deadline_at=SENT_AT + timedelta(seconds=65),
    )


def row_of(turn: TurnReady, state: str) -> dict[str, Any]:
    """The turn as the conversations service keeps it."""
    return {
        "id": turn.turn_id,
        "conversation_id": turn.conversation_id,
        "state": state,
        "ordinal": 1,
        "opened_at": turn.opened_at,
        "created_at": SENT_AT,
    }


def written_by_a_person(turn: TurnReady, sent_at: datetime) -> dict[str, Any]:
    """What a person of the shop wrote into the turn's conversation, as the history keeps it."""
    return {
        "id": f"by hand, {turn.turn_id}",
        "conversation_id": turn.conversation_id,
        "gateway": turn.gateway,
        "direction": "out",
        "author": "person",
        "kind": "text",
        "chat": "direct",
        "text": "Te atiendo yo.",
        "sent_at": sent_at,
        "created_at": turn.deadline_at,
    }


def sure_of(intent: str, turn: TurnReady) -> IntentClassified:
    """The classifier's word that the router may act."""
    return IntentClassified(
        turn=turn,
        route=Route.CONFIDENT,
        reason=Reason.ACCEPTED,
        intent=intent,
        confidence=0.93,
        model_version="v1",
        threshold=0.8,
    )


def envelope_of(event: Event, given_id: str = "e-1") -> Envelope[Event]:
    return originate(event, source="/test", given_id=given_id)


def caused(result: Result) -> Sequence[Event]:
    """The events that a handled message caused."""
    assert not isinstance(result, Refused), result
    return result
