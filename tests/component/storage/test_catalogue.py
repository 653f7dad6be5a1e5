"""The catalogue is seeded once and edited with history."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from contracts.catalogue import CatalogueIntent, parse_catalogue
from services.storage import catalogue, versions
from services.storage.catalogue import UnknownIntent
from services.storage.engine import Database
from services.storage.tables import auditoria, training_samples

BASE = Path(__file__).parents[3] / "training_data" / "base_intents.json"


def _intents() -> tuple[CatalogueIntent, ...]:
    return parse_catalogue(BASE.read_bytes()).intents


async def _seed(database: Database) -> bool:
    async with database.begin() as connection:
        return await catalogue.seed(connection, _intents())


async def test_the_shops_first_catalogue_is_the_file_with_its_examples(database: Database) -> None:
    assert await _seed(database)
    async with database.read() as connection:
        stored = {each.name: each for each in await catalogue.read(connection)}
        samples = await connection.scalar(select(func.count()).select_from(training_samples))
    given = {each.name: each for each in _intents()}
    assert {name: each.reply for name, each in stored.items()} == {
        name: each.reply for name, each in given.items()
    }
    assert stored["precio"].replies == given["precio"].replies
    assert samples == sum(len(set(each.examples)) for each in given.values())


async def test_two_processes_that_seed_at_once_seed_once(upgraded_url: str) -> None:
    async with Database.open(upgraded_url) as one, Database.open(upgraded_url) as two:
        assert sorted(await asyncio.gather(_seed(one), _seed(two))) == [False, True]


async def test_a_catalogue_that_is_there_is_left_alone(database: Database) -> None:
    await _seed(database)
    async with database.begin() as connection:
        await catalogue.edit(connection, "saludo", {"reply": "¡Quiubo! 👋"}, "ana")
    assert not await _seed(database)
    async with database.read() as connection:
        [greeting] = [each for each in await catalogue.read(connection) if each.name == "saludo"]
        assert (await versions.read(connection))[versions.CATALOGUE] == 2
    assert greeting.reply == "¡Quiubo! 👋"


async def test_an_intent_that_was_switched_off_is_not_among_the_active(database: Database) -> None:
    await _seed(database)
    async with database.begin() as connection:
        edited = await catalogue.edit(connection, "pago", {"active": False}, "ana")
        assert not edited.active
        assert "pago" not in {each.name for each in await catalogue.read(connection)}
        every = await catalogue.read(connection, active_only=False)
    assert "pago" in {each.name for each in every}


async def test_the_history_keeps_both_texts(database: Database) -> None:
    await _seed(database)
    async with database.begin() as connection:
        await catalogue.edit(connection, "saludo", {"reply": "¡Hola!"}, "ana")
    async with database.read() as connection:
        row = (await connection.execute(select(auditoria))).one()
    assert (row.who, row.what, row.target) == ("ana", "intent", "saludo")
    assert "Gracias por escribirnos" in row.before
    assert '"reply": "¡Hola!"' in row.after


async def test_an_intent_that_is_not_there_cannot_be_edited(database: Database) -> None:
    with pytest.raises(UnknownIntent, match="has no intent 'nada'"):
        async with database.begin() as connection:
            await catalogue.edit(connection, "nada", {"reply": "x"}, "ana")


@pytest.mark.parametrize("written", ["no es json", "[]", '{"ask": 3}', ""])
async def test_other_replies_that_nobody_can_read_leave_the_rest_of_the_catalogue_readable(
    database: Database, written: str
) -> None:
    await _seed(database)
    row = text("UPDATE intenciones_sistema SET respuestas = :it WHERE nombre = 'precio'")
    async with database.begin() as connection:
        await connection.execute(row, {"it": written})
    async with database.read() as connection:
        intents = {each.name: each for each in await catalogue.read(connection)}
    assert intents["precio"].replies == {}
    assert intents["precio"].reply
    assert intents["disponibilidad"].replies
