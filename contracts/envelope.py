"""The CloudEvents 1.0 envelope that every event travels in, and the ids that remove repeats."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import getrandbits
from typing import Generic, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.events import Event, HumanReplied, MessageReceived

EventT = TypeVar("EventT", bound=Event, covariant=True)

_CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROOT = uuid5(NAMESPACE_URL, "aprendiz")


@dataclass(frozen=True, slots=True)
class Envelope(Generic[EventT]):
    """An event on its way, with what identifies it and what caused it."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    data: EventT
    causation_id: str | None = None
    traceparent: str | None = None


def message_id(gateway: str, provider_message_id: str) -> str:
    """The id of a received message: the same for every copy that a gateway publishes."""
    return str(uuid5(_ROOT, f"{gateway}\n{provider_message_id}"))


def caused_id(cause_id: str, event_type: str, ordinal: int) -> str:
    """The id of the ``ordinal``-th event of this type that the cause brought about."""
    return str(uuid5(UUID(cause_id), f"{event_type}\n{ordinal}"))


def canonical_id(given: str, source: str, event: Event) -> str:
    """The UUID an event goes by here, whatever id its publisher gave it.

    What a gateway saw is named by the provider's message id; an id that is not a UUID is
    unique only together with its source (CloudEvents 1.0, "id").
    """
    if isinstance(event, MessageReceived | HumanReplied):
        return message_id(event.gateway, event.provider_message_id)
    if _CANONICAL.fullmatch(given):
        return given
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid5(_ROOT, f"{source}\n{given}"))


def originate(event: Event, *, source: str, given_id: str) -> Envelope[Event]:
    """Wrap an event that no other event caused: from a gateway, a person, a clock."""
    return Envelope(
        id=canonical_id(given_id, source, event),
        type=event.type,
        source=source,
        subject=_subject(event),
        time=datetime.now(UTC),
        data=event,
        traceparent=f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-01",
    )


def cause(
    parent: Envelope[Event], events: Iterable[Event], *, source: str
) -> list[Envelope[Event]]:
    """Wrap the events that ``parent`` brought about; handling it again gives the same ids."""
    counts: dict[str, int] = {}
    return [_child(parent, event, counts, source) for event in events]


def _child(
    parent: Envelope[Event], event: Event, counts: dict[str, int], source: str
) -> Envelope[Event]:
    kind = event.type
    ordinal = counts.get(kind, 0)
    counts[kind] = ordinal + 1
    return Envelope(
        id=caused_id(parent.id, kind, ordinal),
        type=kind,
        source=source,
        subject=_subject(event) or parent.subject,
        time=datetime.now(UTC),
        data=event,
        causation_id=parent.id,
        traceparent=_next_span(parent.traceparent),
    )


def _subject(event: Event) -> str:
    turn = getattr(event, "turn", event)
    return getattr(turn, "conversation_id", None) or ""


def _next_span(traceparent: str | None) -> str | None:
    if traceparent is None:
        return None
    version, trace, _, flags = traceparent.split("-")
    return f"{version}-{trace}-{getrandbits(64):016x}-{flags}"
