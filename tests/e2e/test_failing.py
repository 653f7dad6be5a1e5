"""What cannot be handled is kept with its reason, and retried from there."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.outside import OutsideGateway
from tests.e2e.shop import GATEWAYS, Shop
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)


async def buried(shop: Shop, words: str) -> dict[str, Any]:
    """The one failure whose error has these words, as ``failures list`` tells it."""

    async def look() -> list[dict[str, Any]]:
        listed = await shop.command("failures", "list", "--json")
        assert listed.code == 0, listed.err
        return [each for each in json.loads(listed.out) if words in each["error"]]

    [found] = await until(look, f"a failure that says {words}")
    return found


async def test_a_message_that_cannot_be_read_is_buried_with_its_reason(
    shop: Shop, gateway: OutsideGateway
) -> None:
    await gateway.raw(b'{"specversion": "1.0", "type": "message.received", "data": {"text": "hol')
    found = await buried(shop, "expected JSON in UTF-8")
    assert (found["source_queue"], found["state"]) == ("aprendiz.conversations", "buried")
    [row] = await shop.rows("SELECT * FROM mensajes_fallidos WHERE id = :id", id=found["id"])
    assert (row.reason, row.error) == (found["reason"], found["error"])
    shown = await shop.command("failures", "show", str(found["id"]))
    assert json.loads(shown.out)["body"].endswith('{"text": "hol')
    # It would fail again: it is given up, and stays to be read.
    dropped = await shop.command("failures", "drop", str(found["id"]))
    assert (dropped.code, dropped.out) == (0, "dropped: 1\n")
    assert await gateway.waiting("aprendiz.buried") == 0


async def test_a_poison_message_does_not_hold_up_its_neighbours(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chats = [f"wa:{uuid4().hex}" for _ in range(3)]
    for chat in chats:
        await gateway.raw(b"\x00\xff no JSON " + chat.encode())
        await gateway.says(chat, "hola buenas tardes")
    for chat in chats:
        [answer] = await gateway.answers(chat, 1)
        assert answer["intent"] == "saludo"


async def test_a_message_of_an_unlisted_gateway_is_retried_once_the_gateway_is_listed(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chat = f"tienda2:{uuid4().hex}"
    await gateway.says(chat, "hola buenas tardes", gateway="tienda2")
    found = await buried(shop, "tienda2")
    await shop.restart("conversations", gateways=f"{GATEWAYS},tienda2")
    retried = await shop.command("failures", "retry", str(found["id"]))
    assert (retried.code, retried.out) == (0, "retried: 1\n")

    async def waits_for_its_gateway() -> bool:
        return await gateway.waiting("aprendiz.gateway.tienda2") == 1

    await until(waits_for_its_gateway, "the answer waits for the new gateway")
    turn = await shop.closed_turn(chat)
    assert (turn.state, turn.intent) == ("answered", "saludo")
    query = "SELECT state FROM mensajes_fallidos WHERE id = :id"
    assert await shop.rows(query, id=found["id"]) == [("retried",)]
    again = await shop.command("failures", "retry", str(found["id"]))
    assert again.code == 1
    assert again.out == "retried: 0\n"
    assert "not buried" in again.err
