"""A retried failure goes back to its own queue alone, as if it had never failed."""

from datetime import UTC, datetime

import pytest

from services.failures.buried import RETRIED
from services.failures.retrying import NotRetryable, outgoing
from services.runtime.broker import ATTEMPT, ORIGINAL_KEY
from services.storage.failures import BURIED, Failure

FAILURE = Failure(
    id=12,
    event_id="e-7",
    event_type="turn.ready",
    source_queue="aprendiz.classifier",
    routing_key="turn.ready",
    reason="retries exhausted",
    error="ValueError()",
    attempts=3,
    body=b"\xff{",
    headers={ATTEMPT: 3},
    state=BURIED,
    buried_at=datetime.now(UTC),
    settled_at=None,
)


def test_it_goes_to_its_source_queue_through_the_default_exchange() -> None:
    message = outgoing(FAILURE)
    assert (message.exchange, message.routing_key) == ("", "aprendiz.classifier")
    assert (message.body, message.event_id, message.event_type) == (b"\xff{", "e-7", "turn.ready")
    assert message.mandatory


def test_its_key_survives_and_its_attempts_begin_anew() -> None:
    assert outgoing(FAILURE).headers == {ORIGINAL_KEY: "turn.ready", RETRIED: 12}


@pytest.mark.parametrize("queue", ["", "aprendiz.buried"])
def test_without_a_source_queue_there_is_nowhere_to_go(queue: str) -> None:
    with pytest.raises(NotRetryable, match="drop it, or publish it anew"):
        outgoing(FAILURE._replace(source_queue=queue))
