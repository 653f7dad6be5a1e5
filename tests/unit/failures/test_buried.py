"""Whatever lies among the buried can be read: our burials, the broker's, and any bytes."""

import json

import pytest

from contracts.topology import BURIED
from services.failures.buried import KEPT, RETRIED, Buried, read
from services.runtime.broker import ATTEMPT, ORIGINAL_KEY, Delivery, HeaderValue, buried_copy

EVENT = json.dumps({"type": "turn.ready", "id": "e-7", "data": {"texto": "¿hay pan? 🥖"}}).encode()


def lying(
    body: bytes, headers: dict[str, HeaderValue], key: str = BURIED, event_id: str = ""
) -> Delivery:
    return Delivery(
        queue=BURIED,
        routing_key=key,
        body=body,
        headers=headers,
        event_id=event_id,
        deliveries=0,
        tag=1,
    )


def buried_by_us(body: bytes = EVENT, retried: int = 0) -> Buried:
    """What our own road buried, after three attempts in the classifier."""
    failing = Delivery(
        queue="aprendiz.classifier",
        routing_key="turn.ready",
        body=body,
        headers={ATTEMPT: 3, RETRIED: retried},
        event_id="e-7",
        deliveries=0,
        tag=1,
    )
    copy = buried_copy(failing, "retries exhausted", "ValueError('ñandú')")
    return read(lying(copy.body, dict(copy.headers), str(copy.headers[ORIGINAL_KEY]), "e-7")).data


def test_our_own_burials_keep_reason_queue_key_attempts_and_error() -> None:
    found = buried_by_us()
    assert (found.source_queue, found.routing_key) == ("aprendiz.classifier", "turn.ready")
    assert (found.reason, found.error) == ("retries exhausted", "ValueError('ñandú')")
    assert (found.attempts, found.event_id, found.body) == (3, "e-7", EVENT)


def test_what_the_broker_gave_up_on_names_its_queue_and_its_type() -> None:
    headers: dict[str, HeaderValue] = {
        "x-first-death-queue": "aprendiz.teacher",
        "x-first-death-reason": "delivery_limit",
    }
    found = read(lying(EVENT, headers)).data
    assert found.source_queue == "aprendiz.teacher"
    assert found.reason == "dead-lettered: delivery_limit"
    assert (found.event_type, found.routing_key, found.event_id) == (
        "turn.ready",
        "turn.ready",
        "e-7",
    )


def test_a_stay_on_the_ladder_is_no_death() -> None:
    headers: dict[str, HeaderValue] = {
        "x-first-death-queue": "aprendiz.retry.5s",
        "x-first-death-reason": "expired",
        "x-last-death-queue": "aprendiz.teacher",
        "x-last-death-reason": "delivery_limit",
    }
    assert read(lying(EVENT, headers)).data.source_queue == "aprendiz.teacher"
    del headers["x-last-death-queue"]
    assert read(lying(EVENT, headers)).data.source_queue == ""


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"[1, 2]", b"{", b'{"type": 3}'])
def test_a_body_that_says_nothing_is_kept_as_it_is(body: bytes) -> None:
    found = read(lying(body, {})).data
    assert (found.body, found.reason) == (body, "unknown")
    assert (found.event_id, found.event_type, found.source_queue) == (None, None, "")


def test_headers_of_any_publisher_are_kept() -> None:
    headers: dict[str, HeaderValue] = {"vip": True, "tienda": "Ñoño 🛒", "n": 7}
    assert read(lying(EVENT, headers)).data.headers == {"vip": 1, "tienda": "Ñoño 🛒", "n": 7}


def test_too_large_a_body_is_cut_and_says_so() -> None:
    found = read(lying(b"x" * (KEPT + 1), {})).data
    assert len(found.body) == KEPT
    assert found.error.startswith(f"(the first {KEPT} of {KEPT + 1} bytes were kept)")


def test_long_names_fit_their_columns() -> None:
    found = read(lying(b"{}", {"x-first-death-queue": "q" * 250}, key="k" * 250)).data
    assert (len(found.source_queue), len(found.routing_key)) == (191, 191)


def test_a_copy_of_a_burial_has_its_key_and_a_new_burial_has_not() -> None:
    assert buried_by_us().key == buried_by_us().key
    assert buried_by_us().key != buried_by_us(b"other").key
    assert buried_by_us().key != buried_by_us(retried=12).key
