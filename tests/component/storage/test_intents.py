"""Intents are added, renamed and proposed with all that their names mean."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from contracts.catalogue import CatalogueIntent, parse_catalogue
from services.storage import catalogue, intents, settings, versions
from services.storage.catalogue import UnknownIntent
from services.storage.clock import now
from services.storage.engine import Database
from services.storage.intents import IntentExists, Proposed, UnusableName
from services.storage.tables import auditoria, evidence, training_samples

BASE = Path(__file__).parents[3] / "training_data" / "base_intents.json"
WARRANTY = CatalogueIntent(
    name="garantia", description="Pregunta por la garantía.", action="reply", reply="Un año."
)


@pytest.fixture
async def shop(database: Database) -> Database:
    """A database with three intents and their examples."""
    async with database.begin() as connection:
        await catalogue.seed(connection, parse_catalogue(BASE.read_bytes()).intents[:3])
    return database


async def store(database: Database, rows: Iterable[dict[str, object]]) -> None:
    async with database.begin() as connection:
        for row in rows:
            await connection.execute(insert(training_samples).values(**row))


def proposal(text: str, name: str | None, **others: object) -> dict[str, object]:
    return {"texto": text, "etiquetado_por": "teacher", "propuesta": name, **others}


async def first(database: Database) -> str:
    async with database.read() as connection:
        return (await catalogue.read(connection))[0].name


async def count(database: Database, name: str) -> int:
    async with database.read() as connection:
        return (await intents.counts(connection, [name])).get(name, 0)


async def test_a_renamed_intent_keeps_its_samples_and_its_words(shop: Database) -> None:
    old = await first(shop)
    texts = await count(shop, old)
    assert texts > 40
    async with shop.begin() as connection:
        before = await catalogue.one(connection, old)
        after = await intents.rename(connection, old, "otro_nombre", "ana")
    assert (after.reply, after.description) == (before.reply, before.description)
    assert (await count(shop, old), await count(shop, "otro_nombre")) == (0, texts)
    async with shop.read() as connection:
        assert (await versions.read(connection))[versions.CATALOGUE] == 2
        renamed = select(auditoria).where(auditoria.c.what == "intent name")
        row = (await connection.execute(renamed)).one()
    assert (row.who, row.what, row.target) == ("ana", "intent name", "otro_nombre")
    assert (row.before, row.after) == (old, "otro_nombre")


async def test_evidence_is_renamed_with_it(shop: Database) -> None:
    old = await first(shop)
    async with shop.begin() as connection:
        row = {"turn_id": "t-1", "said": old, "teacher": "pago", "person": old, "drawn": True}
        await connection.execute(insert(evidence).values(**row, created_at=await now(connection)))
        await intents.rename(connection, old, "otro_nombre", "ana")
        found = (await connection.execute(select(evidence))).one()
    assert (found.said, found.teacher, found.person) == ("otro_nombre", "pago", "otro_nombre")


async def test_settings_that_name_it_follow(shop: Database) -> None:
    old = await first(shop)
    async with shop.begin() as connection:
        key = "ml_intenciones_siempre_preguntar"
        await settings.write(connection, {key: f"reclamo, {old}"}, "ana")
        await intents.rename(connection, old, "otro_nombre", "ana")
        assert (await settings.read(connection)).values[key] == "reclamo,otro_nombre"
        assert (await settings.read(connection)).version == 2


async def test_a_default_that_names_it_follows(shop: Database) -> None:
    async with shop.begin() as connection:
        await intents.rename(connection, "saludo", "hola", "ana")
        stored = (await settings.read(connection)).values
    assert stored["ml_intenciones_inofensivas"] == (
        "hola,despedida,agradecimiento,horario,ubicacion"
    )


@pytest.mark.parametrize("name", ["", "Otro", "otro nombre", "__oos__", "1x", "x" * 65])
async def test_a_name_must_be_plain(shop: Database, name: str) -> None:
    with pytest.raises(UnusableName):
        async with shop.begin() as connection:
            await intents.rename(connection, await first(shop), name, "ana")


async def test_a_name_is_taken_even_by_what_is_switched_off(shop: Database) -> None:
    async with shop.read() as connection:
        one, two, _ = [each.name for each in await catalogue.read(connection)]
    async with shop.begin() as connection:
        await catalogue.edit(connection, two, {"active": False}, "ana")
    with pytest.raises(IntentExists, match="switched off"):
        async with shop.begin() as connection:
            await intents.rename(connection, one, two, "ana")
    with pytest.raises(UnknownIntent):
        async with shop.begin() as connection:
            await intents.rename(connection, "nadie", "otro", "ana")
    assert await count(shop, one) > 40


async def test_proposals_are_counted_the_most_wanted_first(shop: Database) -> None:
    await store(shop, [proposal(f"tiene garantia {n}", "garantia") for n in range(5)])
    await store(shop, [proposal("dan factura?", "factura"), proposal("dan factura?", "factura")])
    await store(
        shop,
        [
            proposal("hola", None),
            proposal("x", await first(shop)),
            proposal("y", "factura", intencion="pago"),
            proposal("z", "otra", estado="held"),
        ],
    )
    async with shop.read() as connection:
        assert await intents.proposed(connection, 10) == [
            Proposed("garantia", 5, tuple(f"tiene garantia {n}" for n in (4, 3, 2))),
            Proposed("factura", 2, ("dan factura?",)),
        ]


async def test_an_intent_that_takes_a_proposed_name_is_learned_from_what_was_proposed(
    shop: Database,
) -> None:
    old = await first(shop)
    texts = await count(shop, old)
    await store(shop, [proposal("tienen descuento?", "rebajas")])
    async with shop.begin() as connection:
        await intents.rename(connection, old, "rebajas", "ana")
    assert await count(shop, "rebajas") == texts + 1


async def test_an_accepted_proposal_labels_its_samples(shop: Database) -> None:
    await store(shop, [proposal(f"tiene garantia {n}", "garantia") for n in range(3)])
    await store(shop, [proposal("tiene garantia x", "garantia", estado="dropped")])
    async with shop.begin() as connection:
        made, labelled = await intents.add(connection, WARRANTY, "ana")
    assert (made.name, made.reply, made.active, labelled) == ("garantia", "Un año.", True, 3)
    assert await count(shop, "garantia") == 3
    async with shop.read() as connection:
        assert await intents.proposed(connection, 10) == []
    with pytest.raises(IntentExists, match="active"):
        async with shop.begin() as connection:
            await intents.add(connection, WARRANTY, "ana")


async def test_names_are_followed_through_every_rename_since(database: Database) -> None:
    """Also where a name was given again, or two intents have swapped theirs."""
    named = ("aa", "bb", "xx", "yy")
    async with database.begin() as connection:
        for name in named:
            await intents.add(connection, WARRANTY.model_copy(update={"name": name}), "ana")
        begin = await now(connection)
        for step in ("aa cc", "cc dd", "bb cc", "xx tt", "yy xx", "tt yy"):
            old, new = step.split()
            await intents.rename(connection, old, new, "ana")
        assert await intents.called_today(connection, named, begin) == {
            "aa": "dd", "bb": "cc", "xx": "yy", "yy": "xx",
        }  # fmt: skip
        tomorrow = begin + timedelta(days=1)
        assert await intents.called_today(connection, named, tomorrow) == {}
