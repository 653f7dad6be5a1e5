"""The bot speaks only where it is wanted, and says why when it doesn't."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events import Chat, Contact, Kind, MessageReceived
from services.conversations.speak import Silent, Speak, opted_out, speak
from services.runtime.live import LiveSettings
from services.storage.conversations import Conversation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = LiveSettings(mensaje_edad_maxima_minutos=15, respuestas_maximas_5min=3)
KNOWN = Conversation.new("c1", "tienda", "direct", NOW)


def message(
    text: str | None = "hola",
    kind: Kind = Kind.TEXT,
    chat: Chat = Chat.DIRECT,
    sent_at: datetime = NOW,
) -> MessageReceived:
    return MessageReceived(
        conversation_id="c1",
        contact=Contact(id="ana"),
        gateway="tienda",
        provider_message_id="m1",
        text=text,
        sent_at=sent_at,
        kind=kind,
        chat=chat,
    )


def test_an_ordinary_message_may_be_answered() -> None:
    assert speak(message(), KNOWN, 0, SETTINGS, NOW) == Speak()


@pytest.mark.parametrize("kind", [Kind.AUDIO, Kind.IMAGE, Kind.STICKER, Kind.UNSUPPORTED])
def test_a_message_without_words_may_be_answered_too(kind: Kind) -> None:
    assert speak(message(None, kind), KNOWN, 0, SETTINGS, NOW) == Speak()


@pytest.mark.parametrize("chat", [Chat.GROUP, Chat.STATUS, Chat.CHANNEL])
def test_only_direct_chats_are_answered(chat: Chat) -> None:
    assert speak(message(chat=chat), KNOWN, 0, SETTINGS, NOW) == Silent(f"chat_{chat}")


@pytest.mark.parametrize("kind", [Kind.REACTION, Kind.EDITED, Kind.DELETED])
def test_a_reaction_an_edit_and_a_deletion_want_no_answer(kind: Kind) -> None:
    assert speak(message(kind=kind), KNOWN, 0, SETTINGS, NOW) == Silent(f"kind_{kind}")


def test_a_message_is_answered_up_to_the_greatest_age_and_not_beyond() -> None:
    oldest = NOW - timedelta(minutes=15)
    assert speak(message(sent_at=oldest), KNOWN, 0, SETTINGS, NOW) == Speak()
    older = oldest - timedelta(microseconds=1)
    assert speak(message(sent_at=older), KNOWN, 0, SETTINGS, NOW) == Silent("too_old")


def test_a_gateways_clock_may_be_a_little_ahead_but_not_hours() -> None:
    soon, later = NOW + timedelta(minutes=4), NOW + timedelta(hours=2)
    assert speak(message(sent_at=soon), KNOWN, 0, SETTINGS, NOW) == Speak()
    assert speak(message(sent_at=later), KNOWN, 0, SETTINGS, NOW) == Silent("from_the_future")


def test_the_bot_is_silent_while_a_person_has_the_conversation() -> None:
    muted = replace(KNOWN, muted_until=NOW + timedelta(seconds=1))
    assert speak(message(), muted, 0, SETTINGS, NOW) == Silent("muted")
    assert speak(message(), replace(KNOWN, muted_until=NOW), 0, SETTINGS, NOW) == Speak()


def test_two_bots_cannot_talk_to_each_other_for_ever() -> None:
    assert speak(message(), KNOWN, 2, SETTINGS, NOW) == Speak()
    assert speak(message(), KNOWN, 3, SETTINGS, NOW) == Silent("reply_cap")


def test_who_opted_out_gets_no_answer() -> None:
    gone = replace(KNOWN, opted_out=True)
    assert speak(message(), gone, 0, SETTINGS, NOW) == Silent("opted_out")


@pytest.mark.parametrize("text", ["baja", "BAJA", " Baja. ", "stop", "¡STOP!", "*Stop* 🙏"])
def test_baja_and_stop_alone_opt_out_however_they_are_written(text: str) -> None:
    assert opted_out(message(text), before=False)


@pytest.mark.parametrize("text", ["la gama baja", "stop motion", "bajas", "alta", "", None, "👍"])
def test_other_words_do_not_opt_out(text: str | None) -> None:
    assert not opted_out(message(text), before=False)


def test_alta_opts_in_again_and_nothing_else_does() -> None:
    assert not opted_out(message("Alta!"), before=True)
    assert opted_out(message("hola"), before=True)


def test_nobody_opts_out_in_a_group_or_with_a_reaction() -> None:
    assert not opted_out(message("baja", chat=Chat.GROUP), before=False)
    assert not opted_out(message("stop", kind=Kind.REACTION), before=False)
