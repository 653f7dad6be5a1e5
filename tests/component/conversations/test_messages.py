"""Messages are kept once, answered only where the bot is wanted, and gathered into turns."""

from datetime import timedelta

import pytest

from contracts.envelope import caused_id, message_id
from contracts.events import Chat, Kind, TurnReady
from services.runtime.policy import Refused
from services.runtime.settings import SIMULATOR
from services.storage import tables
from tests.component.conversations.desk import SHOP, Desk, ago, reply, statements_noted, wrote


async def test_a_message_to_the_simulated_phone_is_a_turn_at_once(desk: Desk) -> None:
    [result] = await desk.handle(wrote("¿tienen pan? 🥖", "m1"))
    [ready] = await desk.published()
    assert result == []
    assert ready.text == "¿tienen pan? 🥖"
    assert (ready.contact.id, ready.contact.name) == ("contact-c1", "Ana 🌵")
    assert ready.deadline_at - ready.opened_at == timedelta(seconds=60)
    assert (await desk.conversation()).open_turn_id == ready.turn_id
    assert desk.woken == 1
    assert desk.counted("turns_released") == 1


async def test_the_turn_and_its_event_have_ids_that_a_repeat_would_have_too(desk: Desk) -> None:
    await desk.handle(wrote("hola", "m1"))
    [row] = await desk.rows(tables.outbox)
    [turn] = await desk.turns()
    assert turn.id == caused_id(message_id(SIMULATOR, "m1"), "turn", 0)
    assert (row.routing_key, row.event_id) == (
        TurnReady.TYPE,
        caused_id(turn.id, TurnReady.TYPE, 0),
    )


async def test_a_burst_becomes_one_turn_in_the_order_of_sending(desk: Desk) -> None:
    desk.live.settings = desk.live.settings.model_copy(update={"turno_ventana_segundos": 0.0})
    burst = [wrote(f"parte {n}", f"m{n}", gateway=SHOP, sent_at=ago(9 - n)) for n in range(5)]
    await desk.handle(burst[3], burst[0], burst[4], burst[1], burst[2])
    [ready] = await desk.published()
    assert [message.text for message in ready.messages] == [f"parte {n}" for n in range(5)]


async def test_messages_of_the_same_second_stay_in_the_order_of_arrival(desk: Desk) -> None:
    second = ago(2).replace(microsecond=0)
    await desk.handle(*(wrote(str(n), f"m{n}", sent_at=second) for n in (2, 0, 1)))
    [ready] = await desk.published()
    assert [message.text for message in ready.messages] == ["2", "0", "1"]


async def test_a_burst_over_several_batches_waits_for_the_quiet_window(desk: Desk) -> None:
    for number in range(3):
        await desk.handle(wrote(str(number), f"m{number}", gateway=SHOP))
    [turn] = await desk.turns()
    assert turn.state == "gathering"
    assert turn.release_at > turn.created_at + timedelta(seconds=1.5)
    assert await desk.published() == []


async def test_a_message_that_comes_again_is_dropped_and_counted(desk: Desk) -> None:
    await desk.handle(wrote("hola", "m1"), wrote("hola", "m1"))
    before = await desk.everything()
    await desk.handle(wrote("hola", "m1"))
    assert await desk.everything() == before
    assert len(await desk.history()) == 1
    assert desk.counted("repeats_dropped", service="conversations", what="message") == 2


async def test_the_same_provider_id_on_another_gateway_is_another_message(desk: Desk) -> None:
    await desk.handle(wrote("hola", "m1"), wrote("hola", "m1", gateway=SHOP, conversation="c2"))
    assert [len(await desk.history(each)) for each in ("c1", "c2")] == [1, 1]


@pytest.mark.parametrize("chat", [Chat.GROUP, Chat.STATUS, Chat.CHANNEL])
async def test_what_is_not_a_direct_chat_is_kept_and_not_answered(desk: Desk, chat: Chat) -> None:
    await desk.handle(wrote("hola a todos", "m1", chat=chat))
    [message] = await desk.history()
    assert (message.text, message.silent_reason) == ("hola a todos", f"chat_{chat}")
    assert (await desk.conversation()).contact_id is None
    assert await desk.turns() == []
    assert await desk.published() == []
    assert desk.counted("messages_silent", reason=f"chat_{chat}") == 1


async def test_an_old_message_and_a_reaction_are_kept_and_not_answered(desk: Desk) -> None:
    await desk.handle(
        wrote("¿siguen abiertos?", "m1", sent_at=ago(16 * 60)),
        wrote("👍", "m2", kind=Kind.REACTION),
    )
    assert [m.silent_reason for m in await desk.history()] == ["too_old", "kind_reaction"]
    assert await desk.published() == []


async def test_baja_silences_what_gathers_and_all_that_follows_until_alta(desk: Desk) -> None:
    await desk.handle(wrote("hola", "m1", gateway=SHOP))
    await desk.handle(wrote("Baja", "m2", gateway=SHOP), wrote("¿hola?", "m3", gateway=SHOP))
    assert (await desk.conversation()).opted_out
    assert await desk.states() == ["silent"]
    assert [m.silent_reason for m in await desk.history()] == [None, "opted_out", "opted_out"]
    await desk.handle(wrote("alta", "m4"))
    assert not (await desk.conversation()).opted_out
    [ready] = await desk.published()
    assert ready.text == "alta"


async def test_a_contact_gets_only_so_many_replies_in_five_minutes(desk: Desk) -> None:
    desk.live.settings = desk.live.settings.model_copy(update={"respuestas_maximas_5min": 2})
    for number in range(3):
        await desk.handle(wrote("ping", f"m{number}"))
        ready = (await desk.published())[-1]
        await desk.handle(reply(ready, "pong"))
    assert await desk.states() == ["answered", "answered"]
    assert [m.silent_reason for m in await desk.history()][-1] == "reply_cap"


async def test_an_unlisted_gateway_is_refused_and_its_neighbours_are_taken(desk: Desk) -> None:
    results = await desk.handle(
        wrote("uno", "m1"), wrote("dos", "m2", gateway="ajeno"), wrote("tres", "m3")
    )
    assert isinstance(results[1], Refused)
    assert "'ajeno'" in str(results[1])
    assert "APRENDIZ_GATEWAYS" in str(results[1])
    [ready] = await desk.published()
    assert ready.text == "uno\ntres"
    assert len(await desk.history()) == 2


async def test_a_batch_costs_a_bounded_number_of_statements(desk: Desk) -> None:
    with statements_noted() as statements:
        await desk.handle(*(wrote("hola", f"m{n}", conversation=f"c{n}") for n in range(64)))
    assert len(await desk.published()) == 64
    assert len(statements) <= 14, "\n".join(statements)


async def test_a_flood_still_fits_into_an_event(desk: Desk) -> None:
    await desk.handle(*(wrote("x" * 4096, f"m{number}") for number in range(64)))
    [row] = await desk.rows(tables.outbox)
    assert len(row.body) < 100_000
    assert len(await desk.history()) == 64
