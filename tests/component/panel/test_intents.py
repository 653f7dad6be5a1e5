"""The catalogue by HTTP: looked at, edited, renamed, and added to."""

import pytest
from sqlalchemy import insert, select

from services.panel.intents import made
from services.storage import catalogue, versions
from services.storage.engine import Database
from services.storage.tables import auditoria, training_samples
from tests.component.panel.conftest import Panel

WARRANTY = {"name": "garantia", "description": "Pregunta por la garantía.", "reply": "Un año."}


@pytest.fixture
async def proposals(database: Database) -> None:
    """Three samples of which the teacher said what would fit."""
    texts = ("tiene garantia?", "garantia del pedido 300 555 0142?", "y la garantia? ana@mail.com")
    async with database.begin() as connection:
        for text in texts:
            row = {"texto": text, "etiquetado_por": "teacher", "propuesta": "garantia"}
            await connection.execute(insert(training_samples).values(**row))


async def test_the_catalogue_is_listed_with_what_it_is_learned_from(panel: Panel) -> None:
    found = (await panel.client.get("/intents")).json()["intents"]
    assert [each["name"] for each in found] == ["agradecimiento", "despedida", "saludo"]
    assert all(each["active"] and each["texts"] > 40 for each in found)


@pytest.mark.usefixtures("proposals")
async def test_proposals_are_shown_without_numbers_and_addresses(panel: Panel) -> None:
    assert (await panel.client.get("/intents/proposed")).json() == {
        "proposed": [
            {
                "name": "garantia",
                "samples": 3,
                "examples": [
                    "y la garantia? [e-mail]",
                    "garantia del pedido [number]?",
                    "tiene garantia?",
                ],
            }
        ]
    }


@pytest.mark.usefixtures("proposals")
async def test_an_accepted_proposal_is_an_intent_with_its_samples(panel: Panel) -> None:
    added = await panel.client.post("/intents", json=WARRANTY)
    assert added.status_code == 201, added.text
    assert added.json()["labelled"] == 3
    intent = added.json()["intent"]
    assert (intent["name"], intent["action"], intent["reply"], intent["texts"]) == (
        "garantia", "reply", "Un año.", 3,
    )  # fmt: skip
    assert (await panel.client.get("/intents/proposed")).json() == {"proposed": []}


async def test_who_adds_an_intent_is_in_the_history(panel: Panel, database: Database) -> None:
    await panel.client.post("/intents", json=WARRANTY | {"requested_by": "ana"})
    async with database.read() as connection:
        [noted] = await connection.execute(select(auditoria.c.who, auditoria.c.target))
    assert tuple(noted) == ("ana", "garantia")


def test_a_holding_reply_with_braces_is_said_as_the_shop_wrote_it() -> None:
    added = made("garantia", "Pregunta por la garantía.", None, "Espera {un momento} :}")
    assert (added.action, added.reply.format()) == ("handoff", "Espera {un momento} :}")


async def test_without_a_reply_a_person_is_called(panel: Panel) -> None:
    added = await panel.client.post("/intents", json=WARRANTY | {"reply": None})
    intent = added.json()["intent"]
    assert intent["action"] == "handoff"
    assert "Un asesor te responderá" in intent["reply"]


async def test_an_intent_is_renamed_and_edited_at_once(database: Database, panel: Panel) -> None:
    body = {"name": "bienvenida", "reply": "¡Quiubo!", "requested_by": "ana"}
    changed = await panel.client.patch("/intents/saludo", json=body)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["reply"]) == ("bienvenida", "¡Quiubo!")
    assert changed.json()["texts"] > 40
    async with database.read() as connection:
        assert (await versions.read(connection))[versions.CATALOGUE] == 3
        assert "saludo" not in {each.name for each in await catalogue.read(connection)}


async def test_an_intent_is_switched_off_and_on(panel: Panel) -> None:
    for active in (False, True):
        changed = await panel.client.patch("/intents/saludo", json={"active": active})
        assert (changed.status_code, changed.json()["active"]) == (200, active)


async def test_a_taken_name_is_refused_and_nothing_changes(panel: Panel) -> None:
    body = {"name": "despedida", "reply": "no"}
    for answer in (
        await panel.client.patch("/intents/saludo", json=body),
        await panel.client.post("/intents", json=WARRANTY | {"name": "saludo"}),
    ):
        assert (answer.status_code, answer.json()["error"]["field"]) == (409, "name")
    [greeting] = [
        each
        for each in (await panel.client.get("/intents")).json()["intents"]
        if each["name"] == "saludo"
    ]
    assert greeting["reply"] != "no"


async def test_an_unknown_intent_is_not_found(panel: Panel) -> None:
    answer = await panel.client.patch("/intents/nadie", json={"active": False})
    assert (answer.status_code, answer.json()["error"]["field"]) == (404, "name")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": "__oos__"}, "name"), ({"name": "Dos Palabras"}, "name"), ({"name": 3}, "name"),
     ({"description": " "}, "description"), ({"reply": "a {"}, "reply"),
     ({"reply": "a\x00"}, "reply"), ({"requested_by": ""}, "requested_by")],
)  # fmt: skip
async def test_what_makes_no_intent_is_named(
    panel: Panel, change: dict[str, object], field: str
) -> None:
    for answer in (
        await panel.client.post("/intents", json=WARRANTY | change),
        await panel.client.patch("/intents/saludo", json=change),
    ):
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
