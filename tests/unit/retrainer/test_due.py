"""When a training is due."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.retrainer.due import (
    BACK_OFF,
    MAX_ATTEMPTS,
    ChampionState,
    GiveUp,
    Situation,
    Train,
    Wait,
    decide,
)
from services.storage.training import State, Training

CALM = Situation(
    champion_state=ChampionState.USABLE,
    unfinished=(),
    newest_sample=500,
    new_samples=0,
    wanted=50,
    since_failure=None,
)


def training_of(state: State, name: str = "t", attempts: int = 0) -> Training:
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    details = {"attempts": attempts}
    return Training(name, "ana", state, None, None, None, None, details, moment, None, None)


@pytest.mark.parametrize(("new", "expected"), [(0, Wait), (49, Wait), (50, Train), (51, Train)])
def test_fifty_new_samples_are_enough(new: int, expected: type) -> None:
    assert isinstance(decide(replace(CALM, new_samples=new)), expected)


def test_the_wait_says_how_many_are_missing() -> None:
    assert decide(replace(CALM, new_samples=7)) == Wait("7 of 50 new samples")


def test_a_shop_without_a_model_trains_at_once() -> None:
    assert isinstance(decide(replace(CALM, champion_state=ChampionState.NONE)), Train)


def test_a_model_of_another_release_is_replaced_at_once() -> None:
    assert isinstance(decide(replace(CALM, champion_state=ChampionState.OUTDATED)), Train)


def test_an_empty_database_teaches_nothing() -> None:
    empty = replace(CALM, champion_state=ChampionState.NONE, newest_sample=0)
    decision = decide(empty)
    assert isinstance(decision, Wait)
    assert "nothing to learn from" in decision.reason


def test_without_a_model_a_failure_is_followed_by_a_pause() -> None:
    failed = replace(CALM, champion_state=ChampionState.NONE, since_failure=1.0)
    assert isinstance(decide(failed), Wait)
    assert isinstance(decide(replace(failed, since_failure=BACK_OFF)), Train)
    assert isinstance(decide(replace(failed, new_samples=50)), Train)


def test_a_failure_does_not_hold_back_a_shop_that_has_a_model() -> None:
    assert isinstance(decide(replace(CALM, since_failure=1.0, new_samples=50)), Train)


def test_a_model_of_another_key_is_not_replaced_unasked() -> None:
    foreign = replace(CALM, champion_state=ChampionState.FOREIGN, new_samples=99)
    assert isinstance(decide(foreign), Wait)
    wish = training_of(State.REQUESTED)
    assert decide(replace(foreign, unfinished=(wish,))) == Train("requested", wish)


def test_wishes_are_granted_in_their_order() -> None:
    first, second = training_of(State.REQUESTED, "a"), training_of(State.REQUESTED, "b")
    assert decide(replace(CALM, unfinished=(first, second))) == Train("requested", first)


def test_what_a_dead_process_left_comes_before_wishes() -> None:
    wish, orphan = training_of(State.REQUESTED), training_of(State.RUNNING, attempts=1)
    assert decide(replace(CALM, unfinished=(wish, orphan))) == Train("its process died", orphan)


def test_why_a_training_was_begun_first_is_not_forgotten() -> None:
    """Its history shows it, whatever became of the processes that ran it."""
    for state in (State.RUNNING, State.REQUESTED):
        left = training_of(state, attempts=1)._replace(details={"begun": "50 new samples"})
        assert decide(replace(CALM, unfinished=(left,))) == Train("50 new samples", left)


def test_a_training_that_kills_its_processes_is_given_up() -> None:
    orphan = training_of(State.RUNNING, attempts=MAX_ATTEMPTS)
    decision = decide(replace(CALM, unfinished=(orphan,)))
    assert isinstance(decision, GiveUp)
    assert "memory" in decision.reason


def test_a_changed_catalogue_is_worth_a_training() -> None:
    changed = replace(CALM, changed="garantia is new")
    assert decide(changed) == Train("the catalogue changed: garantia is new")
    assert isinstance(decide(replace(changed, champion_state=ChampionState.FOREIGN)), Wait)
