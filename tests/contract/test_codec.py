"""What is not a valid event is refused with the field's name, and never with another exception."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import MAX_BODY, DecodeError, decode, encode
from contracts.envelope import cause, message_id
from contracts.events import Chat, IntentClassified, Kind, MessageReceived, Reason, ReplyRequested
from contracts.samples import golden

MINIMAL: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "/my-gateway",
    "type": "message.received",
    "data": {
        "conversation_id": "5215512345678",
        "contact": {"id": "5215512345678"},
        "gateway": "simulador",
        "provider_message_id": "wamid.1",
        "text": "hola",
        "sent_at": "2026-11-02T15:30:00Z",
    },
}


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def minimal(**data: Any) -> bytes:
    return body({**MINIMAL, "data": {**MINIMAL["data"], **data}})


def test_a_minimal_message_has_six_fields() -> None:
    assert len(MINIMAL["data"]) == 6
    message = decode(body(MINIMAL)).data
    assert isinstance(message, MessageReceived)
    assert (message.kind, message.chat, message.contact.phone) == (Kind.TEXT, Chat.DIRECT, None)


@pytest.mark.parametrize("field", [name for name in MINIMAL["data"] if name != "text"])
def test_a_missing_field_is_named(field: str) -> None:
    data = {name: value for name, value in MINIMAL["data"].items() if name != field}
    with pytest.raises(DecodeError, match=rf"data\.{field}: expected a value"):
        decode(body({**MINIMAL, "data": data}))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": 5}, r"data\.text: Input should be a valid string"),
        ({"text": "a\x00b"}, r"data\.text: contains NUL"),
        ({"conversation_id": "5215 "}, r"data\.conversation_id: ends with a space"),
        ({"provider_message_id": "wamid.1 "}, r"data\.provider_message_id: ends with a space"),
        ({"sent_at": "2026-11-02T15:30:00"}, r"data\.sent_at: .*timezone"),
        ({"sent_at": "yesterday"}, r"data\.sent_at"),
        ({"contact": {"id": ""}}, r"data\.contact\.id: .*at least 1"),
        ({"contact": {"id": "x", "phone": "55 1234"}}, r"data\.contact\.phone"),
        ({"contact": "x"}, r"data\.contact"),
        ({"gateway": "My Gateway"}, r"data\.gateway"),
        ({"conversation_id": "x" * 192}, r"data\.conversation_id: .*at most 191"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode(minimal(**changed))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "body: expected JSON"),
        (b"[]", "body: expected a JSON object"),
        (body(MINIMAL)[:-20], "body: expected JSON"),
        (b"\xff\xfe", "body: expected JSON in UTF-8"),
        (minimal(text="x").replace(b'"x"', b'"\xc3\x28"'), "body: expected JSON in UTF-8"),
        (minimal(text="x").replace(b'"x"', b'"\\ud83d"'), "body: expected JSON in UTF-8"),
        (minimal(extra=1).replace(b'"extra": 1', b'"extra": NaN'), "body: expected JSON in UTF-8"),
        (b" " * (MAX_BODY + 1), "body: expected at most 262144 bytes"),
        (body({**MINIMAL, "type": 5}), "type: expected a string"),
        (body({**MINIMAL, "type": "message.eaten"}), "type: expected one of message.received"),
        (body({**MINIMAL, "type": "message.received.x"}), "type: expected 'message.received'"),
        (body({**MINIMAL, "specversion": "0.3"}), "specversion: Input should be '1.0'"),
        (b'{"type":' * 5000, "body: expected JSON"),
    ],
)
def test_a_broken_body_is_refused_with_a_reason(raw: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode(raw)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_decode_error(raw: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(raw)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from([*MINIMAL["data"], "kind", "chat"]),
)
def test_no_value_of_a_field_raises_anything_but_a_decode_error(value: Any, field: str) -> None:
    with contextlib.suppress(DecodeError):
        assert decode(minimal(**{field: value})).type == "message.received"


def test_unknown_fields_are_ignored_and_unknown_kinds_read_as_unsupported() -> None:
    message = decode(minimal(kind="hologram", chat="metaverse", invented=[1, {"a": 2}])).data
    assert (message.kind, message.chat) == (Kind.UNSUPPORTED, Chat.CHANNEL)


def test_an_unknown_reason_reads_as_other() -> None:
    sample = golden()["intent.classified"]
    raw = encode(sample).replace(b'"accepted"', b'"divined"')
    event = decode(raw).data
    assert isinstance(event, IntentClassified)
    assert event.reason is Reason.OTHER


def test_an_empty_phone_is_no_phone() -> None:
    assert decode(minimal(contact={"id": "x", "phone": ""})).data.contact.phone is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_moment_that_utc_cannot_hold_is_refused(moment: str) -> None:
    with pytest.raises(DecodeError, match="sent_at: lies outside the years 1 to 9999"):
        decode(minimal(sent_at=moment))


def test_text_is_composed_and_cut_at_4096_characters() -> None:
    assert decode(minimal(text="cafe\u0301")).data.text == "café"
    assert len(decode(minimal(text="😀" * 5000)).data.text) == 4096


def test_every_copy_of_a_message_has_the_same_id_whatever_its_publisher_called_it() -> None:
    first = decode(body(MINIMAL))
    again = decode(body({**MINIMAL, "id": "another", "source": "/other"}))
    assert first.id == again.id == message_id("simulador", "wamid.1")


def test_handling_a_message_again_gives_its_events_the_same_ids() -> None:
    parent = golden()["turn.ready"]
    reply = golden()["reply.requested"].data
    first, second = cause(parent, [reply, reply], source="/x")
    assert isinstance(reply, ReplyRequested)
    assert [each.id for each in cause(parent, [reply, reply], source="/y")] == [first.id, second.id]
    assert first.id != second.id
    assert first.type == "reply.requested.whatsapp"
    assert (first.causation_id, first.subject) == (parent.id, reply.conversation_id)


def test_a_caused_event_continues_the_trace_and_a_malformed_trace_is_dropped() -> None:
    parent = golden()["turn.ready"]
    child = cause(parent, [parent.data], source="/x")[0]
    assert child.traceparent
    assert parent.traceparent
    assert child.traceparent[:36] == parent.traceparent[:36]
    assert child.traceparent != parent.traceparent
    assert decode(body({**MINIMAL, "traceparent": "nonsense"})).traceparent is None
