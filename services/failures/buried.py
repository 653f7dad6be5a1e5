"""What lies in the queue of the buried: any bytes, and headers that say why they are here."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid5

from pydantic_core import from_json

from contracts.envelope import Envelope
from contracts.events import Event
from contracts.fields import ID_LENGTH
from contracts.topology import BURIED, LADDER
from services.runtime.broker import (
    ERROR,
    MAX_ERROR,
    REASON,
    SOURCE_QUEUE,
    Delivery,
    HeaderValue,
)

RETRIED = "aprendiz-retried"
"""The id of the failure that a person retried: buried once more, it is a new failure."""

KEPT = 1024 * 1024
"""Bytes of a body that are kept: four times of what is ever read as an event."""

_LADDER = {step.name for step in LADDER}


class Buried(Event):
    """A buried message; never published, so it is no part of the contracts."""

    TYPE = "message.buried"

    key: str
    event_id: str | None
    event_type: str | None
    source_queue: str
    """Empty when nobody noted it."""
    routing_key: str
    reason: str
    error: str
    attempts: int
    body: bytes
    headers: Mapping[str, str | int]


class _Grave(NamedTuple):
    queue: str
    reason: str
    error: str


def read(delivery: Delivery) -> Envelope[Buried]:
    """Wrap whatever lies there; nothing is refused, for there is nowhere further to go."""
    key = _key(delivery)
    named = _names(delivery.body)
    routing_key = delivery.routing_key if delivery.routing_key != BURIED else named.get("type", "")
    queue, reason, error = _grave(delivery.headers)
    data = Buried(
        key=key,
        event_id=_short(delivery.event_id or named.get("id", "")) or None,
        event_type=_short(routing_key) or None,
        source_queue=_short(queue),
        routing_key=_short(routing_key),
        reason=_short(reason),
        error=_cut_note(delivery.body) + error[:MAX_ERROR],
        attempts=delivery.attempt,
        body=delivery.body[:KEPT],
        # A flag from a foreign publisher counts as a number.
        headers={n: v if isinstance(v, str) else int(v) for n, v in delivery.headers.items()},
    )
    return Envelope(
        id=str(uuid5(NAMESPACE_OID, key)),
        type=Buried.TYPE,
        source=f"/aprendiz/{data.source_queue}",
        subject="",
        time=datetime.now(UTC),
        data=data,
    )


def _grave(headers: Mapping[str, HeaderValue]) -> _Grave:
    """Where it came from and why: our own words, else the broker's that dead-lettered it."""
    words = {name: str(value) for name, value in headers.items()}
    if REASON in words:
        return _Grave(words.get(SOURCE_QUEUE, ""), words[REASON], words.get(ERROR, ""))
    for when in ("last", "first"):
        queue = words.get(f"x-{when}-death-queue", "")
        if queue and queue not in _LADDER:
            why = words.get(f"x-{when}-death-reason", "unknown")
            return _Grave(queue, f"dead-lettered: {why}", words.get(ERROR, ""))
    return _Grave("", "unknown", "It has no headers that say why it was buried.")


def _key(delivery: Delivery) -> str:
    """The same for each copy of one burial: a crash between our note and the ack makes two."""
    queue, _, _ = _grave(delivery.headers)
    which = f"{queue}\n{delivery.routing_key}\n{delivery.headers.get(RETRIED, 0)}\n"
    return hashlib.sha256(which.encode() + delivery.body).hexdigest()


def _names(body: bytes) -> dict[str, str]:
    """What the body itself says that it is, where it can be read at all."""
    try:
        document = from_json(body[:KEPT])
    except ValueError:
        return {}
    fields = document.items() if isinstance(document, dict) else ()
    return {name: value for name, value in fields if isinstance(value, str)}


def _short(text: str) -> str:
    return text[:ID_LENGTH]


def _cut_note(body: bytes) -> str:
    return "" if len(body) <= KEPT else f"(the first {KEPT} of {len(body)} bytes were kept) "
