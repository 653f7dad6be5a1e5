"""Whoever claims a reply first gives it, as often as asked; everybody else is told no."""

import asyncio

from services.storage.claims import Claim, claim, claim_all, of_turns
from services.storage.engine import Database


async def _claim(database: Database, owner: str, envelope: bytes) -> bytes | None:
    async with database.begin() as connection:
        return await claim(connection, "turn", "answer", owner, envelope)


async def test_the_owner_gets_its_first_envelope_again_whatever_it_brings(
    database: Database,
) -> None:
    assert await _claim(database, "router", b"first") == b"first"
    assert await _claim(database, "router", b"another") == b"first"


async def test_another_owner_gets_nothing(database: Database) -> None:
    assert await _claim(database, "router", b"first") == b"first"
    assert await _claim(database, "teacher", b"mine") is None


async def test_the_holding_reply_and_the_answer_are_claimed_apart(database: Database) -> None:
    async with database.begin() as connection:
        await claim(connection, "turn", "holding", "teacher", b"wait")
        assert await claim(connection, "turn", "answer", "router", b"here") == b"here"


async def test_a_claim_that_was_rolled_back_is_free(database: Database) -> None:
    async with database.read() as connection:  # a transaction that is always rolled back
        await claim(connection, "turn", "answer", "router", b"lost")
    assert await _claim(database, "teacher", b"mine") == b"mine"


async def test_a_batch_is_answered_claim_by_claim_in_its_order(database: Database) -> None:
    await _claim(database, "router", b"first")
    wishes = [
        Claim("turn-b", "answer", "teacher", b"b"),
        Claim("turn", "answer", "teacher", b"no"),
        Claim("turn-a", "answer", "teacher", b"a"),
    ]
    async with database.begin() as connection:
        assert await claim_all(connection, wishes) == [b"b", None, b"a"]
        assert await claim_all(connection, []) == []


async def test_of_many_at_once_exactly_one_wins(database: Database) -> None:
    owners = [f"owner-{number}" for number in range(8)]
    answers = await asyncio.gather(*(_claim(database, each, each.encode()) for each in owners))
    assert len([answer for answer in answers if answer is not None]) == 1


async def test_all_claims_on_some_turns_can_be_read(database: Database) -> None:
    claims = [Claim("one", "answer", "router", b"1"), Claim("two", "holding", "teacher", b"2")]
    async with database.begin() as connection:
        await claim_all(connection, [*claims, Claim("three", "answer", "router", b"3")])
        assert sorted(await of_turns(connection, ["one", "two", "none"])) == claims
        assert await of_turns(connection, []) == []
