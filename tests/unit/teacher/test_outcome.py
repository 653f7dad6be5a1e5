"""A failed call is tried again while that may help, and no customer waits in silence for it."""

from datetime import timedelta

import pytest

from contracts.topology import LADDER
from services.teacher.outcome import MAY_PASS, Hold, Kind, Wait, decide, kind_of
from tests.turns import turn_of

TURN = turn_of("¿tienen pan?")
CALL = timedelta(seconds=20)


def after(seconds: float) -> Hold | Wait:
    """The decision on a timeout so long after the turn was opened; its deadline is at 60 s."""
    return decide(Kind.TIMEOUT, TURN, TURN.opened_at + timedelta(seconds=seconds), CALL)


@pytest.mark.parametrize("kind", sorted(set(Kind) - MAY_PASS))
def test_what_no_waiting_mends_goes_to_a_person_at_once(kind: Kind) -> None:
    assert decide(kind, TURN, TURN.opened_at, CALL) == Hold()


@pytest.mark.parametrize("kind", sorted(MAY_PASS))
def test_what_may_pass_is_tried_again_in_silence_while_there_is_time(kind: Kind) -> None:
    assert decide(kind, TURN, TURN.opened_at + timedelta(seconds=1), CALL) == Wait(hold=False)


def test_the_customer_is_told_once_the_next_try_could_pass_the_deadline() -> None:
    assert after(10) == Wait(hold=False)
    assert after(11) == Wait(hold=True)
    assert after(100) == Wait(hold=True)


def test_at_the_end_of_the_ladder_it_is_for_a_person() -> None:
    assert after(sum(step.delay.total_seconds() for step in LADDER)) == Hold()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, None, Kind.AUTHENTICATION),
        (403, None, Kind.PERMISSION),
        (404, "model_not_found", Kind.UNKNOWN_MODEL),
        (400, None, Kind.BAD_REQUEST),
        (422, None, Kind.BAD_REQUEST),
        (429, "rate_limit_exceeded", Kind.RATE_LIMIT),
        (429, "insufficient_quota", Kind.QUOTA),
        (402, None, Kind.QUOTA),
        (408, None, Kind.TIMEOUT),
        (500, None, Kind.SERVER),
        (529, None, Kind.SERVER),
    ],
)
def test_a_status_says_what_kind_of_failure_it_is(status: int, code: str, kind: Kind) -> None:
    assert kind_of(status, code) is kind
