"""What is done with a reply follows from what was noted about it before."""

from datetime import UTC, datetime

import pytest

from services.gateway.next_step import Step, next_step
from services.storage.deliveries import FAILED, SENDING, SENT, UNKNOWN, Delivery, Noted


def noted(state: str, *, new: bool = False) -> Noted:
    moment = datetime.now(UTC)
    return Noted(Delivery("r", "t", "c", "simulador", state, None, None, moment, moment), new)


@pytest.mark.parametrize("can_be_asked", [True, False])
def test_a_reply_that_nobody_noted_is_delivered(can_be_asked: bool) -> None:
    assert next_step(noted(SENDING, new=True), can_be_asked=can_be_asked) is Step.DELIVER


@pytest.mark.parametrize("state", [SENT, FAILED, UNKNOWN])
@pytest.mark.parametrize("can_be_asked", [True, False])
def test_a_known_outcome_is_told_again(state: str, can_be_asked: bool) -> None:
    assert next_step(noted(state), can_be_asked=can_be_asked) is Step.REPEAT


def test_an_open_outcome_is_asked_for_where_one_can_ask() -> None:
    assert next_step(noted(SENDING), can_be_asked=True) is Step.ASK


def test_an_open_outcome_is_given_up_where_nobody_can_say() -> None:
    assert next_step(noted(SENDING), can_be_asked=False) is Step.GIVE_UP
