"""A turn gathers a burst, opens when nothing else is open, and ends once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events import Chat, Contact, IntentClassified, Reason, ReplyKind, Route
from contracts.events import MessageReceived as Received
from services.conversations.history import received
from services.conversations.turns import (
    MOST_MESSAGES,
    MOST_TEXT,
    Expire,
    Outcome,
    Release,
    Silence,
    due,
    ended,
    joined,
    noted,
    opened,
    outcome_of,
    that_fit,
)
from services.storage.conversations import Conversation, Message
from services.storage.turns import GATHERING, OPEN, Turn
from tests.turns import turn_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(seconds=2)
DEADLINE = NOW + timedelta(seconds=60)
KNOWN = Conversation.new("c1", "tienda", "direct", NOW)
MESSAGE_ID = "7c1b0f0e-58b7-5d3e-9f0a-111111111111"


def message(text: str | None = "hola", message_id: str = MESSAGE_ID) -> Message:
    event = Received(
        conversation_id="c1",
        contact=Contact(id="ana"),
        gateway="tienda",
        provider_message_id=message_id,
        text=text,
        sent_at=NOW,
        chat=Chat.DIRECT,
    )
    return received(message_id, event, NOW)


def gathering(at: datetime = NOW, window: timedelta = WINDOW) -> Turn:
    return joined(None, None, message(), window, at)


def seconds(count: float) -> datetime:
    return NOW + timedelta(seconds=count)


def test_a_first_message_begins_a_turn_that_waits_for_the_quiet_window() -> None:
    turn = gathering()
    assert (turn.state, turn.ordinal, turn.release_at) == (GATHERING, 1, NOW + WINDOW)


def test_the_same_message_always_begins_the_same_turn() -> None:
    assert gathering().id == gathering(seconds(9)).id


def test_a_new_turn_comes_after_the_latest() -> None:
    latest = ended(replace(gathering(), ordinal=41), Outcome.ANSWERED, "router", NOW)
    assert joined(None, latest, message(), WINDOW, NOW).ordinal == 42


def test_each_further_message_extends_the_window() -> None:
    turn = joined(gathering(), None, message(), WINDOW, seconds(1.5))
    assert turn.release_at == seconds(3.5)


def test_who_never_stops_writing_is_answered_after_ten_windows() -> None:
    turn = joined(gathering(), None, message(), WINDOW, seconds(19.5))
    assert turn.release_at == seconds(20)


def test_without_a_window_a_turn_is_due_at_once() -> None:
    turn = gathering(window=timedelta(0))
    assert due(KNOWN, None, turn, NOW) == [Release(turn)]


def test_a_turn_is_released_when_its_window_has_closed_and_not_before() -> None:
    turn = gathering()
    assert due(KNOWN, None, turn, seconds(1.999)) == []
    assert due(KNOWN, None, turn, seconds(2)) == [Release(turn)]


def test_an_open_turn_holds_the_next_one_back() -> None:
    current = opened(gathering(), DEADLINE, NOW)
    assert due(KNOWN, current, gathering(), seconds(59)) == []


def test_a_passed_deadline_gives_the_open_turn_up_and_releases_the_next() -> None:
    current, waiting = opened(gathering(), DEADLINE, NOW), gathering()
    assert due(KNOWN, current, waiting, DEADLINE) == [Expire(current), Release(waiting)]


def test_a_deadline_passes_without_a_next_turn_too() -> None:
    current = opened(gathering(), DEADLINE, NOW)
    assert due(KNOWN, current, None, DEADLINE) == [Expire(current)]


@pytest.mark.parametrize(
    ("conversation", "why"),
    [
        (replace(KNOWN, muted_until=seconds(60)), "muted"),
        (replace(KNOWN, opted_out=True), "opted_out"),
    ],
)
def test_what_gathers_is_silenced_when_nobody_wants_the_bot(
    conversation: Conversation, why: str
) -> None:
    turn = gathering()
    assert due(conversation, None, turn, NOW) == [Silence(turn, why)]


def test_an_open_turn_outlives_a_mute_so_that_its_reply_can_close_it() -> None:
    current = opened(gathering(), DEADLINE, NOW)
    assert due(replace(KNOWN, muted_until=seconds(60)), current, None, NOW) == []


def test_opening_and_ending_stamp_the_turn() -> None:
    turn = opened(gathering(), DEADLINE, NOW)
    assert (turn.state, turn.opened_at, turn.deadline_at) == (OPEN, NOW, DEADLINE)
    turn = ended(turn, Outcome.HELD, "teacher", seconds(3))
    assert (turn.state, turn.closed_at, turn.closed_by) == ("held", seconds(3), "teacher")


def test_a_holding_reply_holds_and_an_answer_answers() -> None:
    assert outcome_of(ReplyKind.HOLDING) is Outcome.HELD
    assert outcome_of(ReplyKind.ANSWER) is Outcome.ANSWERED


def classified(reason: Reason, intent: str) -> IntentClassified:
    return IntentClassified(
        turn=turn_of("hola"),
        route=Route.UNSURE,
        reason=reason,
        intent=intent,
        confidence=0.4,
        model_version="v1",
        threshold=0.8,
    )


def test_the_students_word_is_noted() -> None:
    turn = noted(gathering(), classified(Reason.BELOW_THRESHOLD, "precio"))
    assert (turn.intent, turn.confidence, turn.reason) == ("precio", 0.4, "below_threshold")
    assert turn.model_version == "v1"


def test_an_escalation_stands_whatever_comes_after_it() -> None:
    escalated = noted(gathering(), classified(Reason.ESCALATED, "precio"))
    assert noted(escalated, classified(Reason.ACCEPTED, "saludo")) == escalated


def test_a_burst_fits_whole() -> None:
    burst = [message(str(number)) for number in range(5)]
    assert that_fit(burst) == burst


def test_of_a_flood_the_newest_messages_fit() -> None:
    flood = [message(str(number)) for number in range(500)]
    assert that_fit(flood) == flood[-MOST_MESSAGES:]


def test_of_long_messages_as_many_fit_as_there_is_room_for() -> None:
    long = [message("x" * 4096) for _ in range(9)]
    assert len(that_fit(long)) == MOST_TEXT // 4096


def test_a_message_is_never_left_out_when_it_is_the_only_one() -> None:
    assert len(that_fit([message("x" * (MOST_TEXT + 1))])) == 1
