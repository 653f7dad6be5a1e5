"""What becomes of a message that failed."""

import pytest

from contracts.codec import DecodeError
from contracts.topology import LADDER, MAX_DELIVERIES, SUSPECT_DELIVERIES
from services.runtime.broker import BrokerAway, NotConfirmed, Rejected, Unroutable
from services.runtime.policy import (
    Bury,
    Decision,
    Refused,
    Retry,
    Return,
    Rules,
    decide,
    suspicion,
)


class Locked(Exception):
    """What a database's adapter would name as away."""


RULES = Rules().also_away(Locked)


@pytest.mark.parametrize(
    "error", [BrokerAway("gone"), NotConfirmed("late"), Unroutable("no queue"), Locked("deadlock")]
)
@pytest.mark.parametrize("attempt", [0, 3, 99])
def test_what_is_away_is_waited_for_whatever_the_attempt(error: Exception, attempt: int) -> None:
    assert decide(error, attempt, RULES) == Return()


@pytest.mark.parametrize("error", [ValueError("odd"), Rejected("full"), TimeoutError(), OSError()])
def test_what_may_pass_climbs_the_ladder_and_is_then_buried(error: Exception) -> None:
    climbed: list[Decision] = [decide(error, attempt, RULES) for attempt in range(4)]
    assert climbed == [*(Retry(step) for step in LADDER), Bury("retries exhausted")]


def test_the_ladder_waits_longer_at_each_step() -> None:
    assert [step.delay.total_seconds() for step in LADDER] == [5, 30, 300]


@pytest.mark.parametrize(
    ("error", "reason"), [(DecodeError("id: missing"), "invalid"), (Refused("no"), "refused")]
)
@pytest.mark.parametrize("attempt", [0, 3])
def test_what_can_never_pass_is_buried_at_once(error: Exception, reason: str, attempt: int) -> None:
    assert decide(error, attempt, RULES) == Bury(reason)


@pytest.mark.parametrize("error", [ValueError("odd"), DecodeError("bad"), Refused("no")])
def test_who_takes_the_buried_has_nowhere_to_bury_and_keeps_trying(error: Exception) -> None:
    last_stop = Rules(buries=False)
    tried = [decide(error, attempt, last_stop) for attempt in range(5)]
    assert tried == [Retry(LADDER[at]) for at in (0, 1, 2, 2, 2)]


def test_naming_more_errors_changes_nothing_else() -> None:
    mine = Rules(ladder=LADDER[:1], buries=False)
    assert mine.also_away(Locked) == Rules(
        away=(*mine.away, Locked), ladder=LADDER[:1], buries=False
    )


def test_a_message_that_was_handed_out_often_is_taken_alone_and_then_not_at_all() -> None:
    verdicts = [suspicion(count, RULES) for count in range(12)]
    calm, alone, bury = ["none"] * 3, ["alone"] * 7, ["bury"] * 2
    assert verdicts == [*calm, *alone, *bury]
    assert (SUSPECT_DELIVERIES, MAX_DELIVERIES) == (3, 10)


def test_the_last_stop_takes_a_suspect_alone_for_ever() -> None:
    assert suspicion(MAX_DELIVERIES * 10, Rules(buries=False)) == "alone"
