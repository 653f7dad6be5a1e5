"""Envelopes to bytes and back. What cannot be read is refused with the field's name."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from contracts.envelope import Envelope, canonical_id
from contracts.events import EVENTS, Event, event_class
from contracts.fields import ID_LENGTH, Id, Moment

MAX_BODY = 256 * 1024
"""Bytes of the largest body that is read at all."""

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")

DataT = TypeVar("DataT", bound=Event)


class DecodeError(ValueError):
    """A body is not a valid event. The message names the field and what was expected there."""


def _valid_trace(value: Any) -> Any:
    """A malformed traceparent is dropped, not refused (W3C Trace Context, 3.2.2.3)."""
    return value if isinstance(value, str) and _TRACEPARENT.match(value) else None


class Wire(BaseModel, Generic[DataT]):
    """The JSON form of an envelope (CloudEvents 1.0, structured mode)."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: Id
    subject: Annotated[str, Field(max_length=ID_LENGTH)] = ""
    time: Moment | None = None
    causationid: Id | None = None
    traceparent: Annotated[str | None, BeforeValidator(_valid_trace)] = None
    data: DataT


def wire_of(event: Any) -> type[Wire[Any]]:
    """The envelope's model around an event class."""
    return Wire[event]


_WIRES: Mapping[type[Event], type[Wire[Any]]] = {event: wire_of(event) for event in EVENTS}


def dataschema(event: type[Event]) -> str:
    """The URI that names an event's schema; its file is ``contracts/schemas/<type>.json``."""
    return f"urn:aprendiz:{event.TYPE}:1"


def encode(envelope: Envelope[Event]) -> bytes:
    """The envelope as structured JSON. Fields that are None are left out."""
    fields = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject or None,
        "time": envelope.time,
        "datacontenttype": "application/json",
        "dataschema": dataschema(type(envelope.data)),
        "causationid": envelope.causation_id,
        "traceparent": envelope.traceparent,
        "data": envelope.data,
    }
    present = {name: value for name, value in fields.items() if value is not None}
    return to_json(present, exclude_none=True)


def decode(body: bytes) -> Envelope[Any]:
    """Read a body.

    Raises:
        DecodeError: it is not a valid event of a type that this release knows.
    """
    event_type = _peek_type(body)
    event = event_class(event_type)
    if event is None:
        known = ", ".join(each.TYPE for each in EVENTS)
        raise DecodeError(f"type: expected one of {known}; got {event_type[:80]!r}")
    try:
        wire = _WIRES[event].model_validate_json(body)
    except ValidationError as error:
        raise DecodeError(_explain(error.errors()[0])) from error
    return _open(wire)


def _peek_type(body: bytes) -> str:
    if len(body) > MAX_BODY:
        raise DecodeError(f"body: expected at most {MAX_BODY} bytes; got {len(body)}")
    try:
        # Parsed whole, so that NaN and lone surrogates are refused in ignored fields too.
        document = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise DecodeError(f"body: expected JSON in UTF-8; {error}") from error
    if not isinstance(document, dict):
        raise DecodeError("body: expected a JSON object, a CloudEvents 1.0 envelope")
    event_type = document.get("type")
    if not isinstance(event_type, str):
        raise DecodeError("type: expected a string, the event's type")
    return event_type


def _open(wire: Wire[Any]) -> Envelope[Any]:
    data: Event = wire.data
    if data.type != wire.type:
        raise DecodeError(f"type: expected {data.type!r}, as the data say; got {wire.type[:80]!r}")
    return Envelope(
        id=canonical_id(wire.id, wire.source, data),
        type=wire.type,
        source=wire.source,
        subject=wire.subject,
        time=wire.time or datetime.now(UTC),
        data=data,
        causation_id=wire.causationid,
        traceparent=wire.traceparent,
    )


def _explain(error: ErrorDetails) -> str:
    field = ".".join(str(step) for step in error["loc"]) or "body"
    if error["type"] == "missing":
        return f"{field}: expected a value; the field is missing"
    return f"{field}: {error['msg'].removeprefix('Value error, ')}"
