"""Models by HTTP: looked at, put in force, taken back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from contracts.codec import decode
from contracts.events import ModelPromoted
from contracts.topology import source_of
from services.learning.artifact import seal, sign
from services.learning.out_of_fold import keep
from services.learning.recipe.training import train
from services.learning.student import Example
from services.storage import models, training
from services.storage.engine import Database
from services.storage.outbox import OutboxStore
from services.storage.tables import log_entrenamientos
from services.storage.training import Request, State
from tests.component.panel.conftest import KEY, Panel

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = {"precio": "cuanto cuesta {}", "saludo": "hola {}", "pago": "pago con {}"}
THINGS = ("la blusa", "el bolso", "la falda", "el reloj", "la gorra", "el anillo")


@pytest.fixture
async def two(database: Database) -> tuple[str, str]:
    """A model that was in force and the one that is, of one training, a day apart."""
    examples = [
        Example(words.format(each), name) for name, words in WORDS.items() for each in THINGS
    ]
    trained = train(examples)
    kept = keep(trained, range(len(trained.examples)))
    versions = []
    for day in range(2):
        manifest, file = seal(trained, kept, KEY, MOMENT + timedelta(days=day))
        versions.append(manifest.version)
        async with database.begin() as connection:
            await models.store(connection, manifest, file)
            await models.promote(connection, manifest.version, "automatic")
            asked = Request(f"training-{day}", "ana")
            await training.begin(connection, asked, 1, {"begun": "requested"})
            await training.finish(
                connection,
                asked.training_id,
                State.PROMOTED,
                "Better.",
                {},
                version=manifest.version,
            )
    first, second = versions
    return first, second


async def champion(database: Database) -> str | None:
    async with database.read() as connection:
        return await models.alias(connection, models.CHAMPION)


async def test_a_model_is_shown_whole(panel: Panel, two: tuple[str, str]) -> None:
    found = (await panel.client.get(f"/models/{two[1]}")).json()
    assert (found["version"], found["aliases"]) == (two[1], ["champion"])
    assert found["training"]["training_id"] == "training-1"
    assert found["training"]["reason"] == "Better."
    assert len(found["digest"]) == 64
    assert "snowballstemmer" in found["libraries"]
    assert {each["intent"] for each in found["worst_first"]} == set(WORDS)
    scores = [each["f1"] for each in found["worst_first"]]
    assert scores == sorted(scores)


async def test_the_newest_models_are_listed_no_more_than_asked_for(
    panel: Panel, two: tuple[str, str]
) -> None:
    for limit in (1, 2):
        listed = (await panel.client.get("/models", params={"limit": limit})).json()["models"]
        assert [each["version"] for each in listed] == [two[1], two[0]][:limit]


async def test_an_alias_names_a_model(panel: Panel, two: tuple[str, str]) -> None:
    for name, version in zip(("previous", "champion"), two, strict=True):
        assert (await panel.client.get(f"/models/{name}")).json()["version"] == version


async def test_a_rollback_is_told_and_can_be_undone(
    database: Database, panel: Panel, two: tuple[str, str]
) -> None:
    first, second = two
    answer = await panel.client.post("/models/rollback", json={"requested_by": "ana"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"version": first, "previous": second, "ended_trainings": []}
    assert await champion(database) == first
    [row] = await OutboxStore(database, "test").claim(10, 30)
    told = decode(row.body)
    assert isinstance(told.data, ModelPromoted)
    assert (told.data.version, told.data.previous) == (first, second)
    assert told.source == source_of("panel")
    assert len(panel.woken) == 1
    forward = await panel.client.post(f"/models/{second}/promote")
    assert (forward.status_code, forward.json()["version"]) == (200, second)


async def test_who_did_it_is_in_the_history(
    database: Database, panel: Panel, two: tuple[str, str]
) -> None:
    await panel.client.post(f"/models/{two[0]}/promote", json={"requested_by": "ana"})
    log = log_entrenamientos.c
    chosen = select(log.version, log.requested_by).where(log.state == State.CHOSEN)
    async with database.read() as connection:
        assert (await connection.execute(chosen)).all() == [(two[0], "ana")]


async def test_an_unknown_model_is_not_found(panel: Panel, two: tuple[str, str]) -> None:
    for answer in (
        await panel.client.get("/models/20200101T000000-00000000"),
        await panel.client.post("/models/20200101T000000-00000000/promote"),
    ):
        assert (answer.status_code, answer.json()["error"]["field"]) == (404, "version")


async def test_the_champion_is_in_force_already(panel: Panel, two: tuple[str, str]) -> None:
    answer = await panel.client.post("/models/champion/promote")
    assert answer.status_code == 409
    assert "in force already" in answer.json()["error"]["got"]


async def test_without_a_model_before_there_is_no_rollback(panel: Panel) -> None:
    answer = await panel.client.post("/models/rollback")
    assert answer.status_code == 409
    assert "nothing to go back to" in answer.json()["error"]["got"]
    assert (await panel.client.get("/models/champion")).status_code == 404


async def test_a_model_that_cannot_be_verified_stays_out(
    database: Database, panel: Panel, two: tuple[str, str]
) -> None:
    async with database.read() as connection:
        manifest, file = await models.fetch(connection, two[0])
    foreign = sign(manifest.model_copy(update={"version": "20200101T000000-00000000"}), b"other")
    async with database.begin() as connection:
        await models.store(connection, foreign, file)
    answer = await panel.client.post(f"/models/{foreign.version}/promote")
    assert answer.status_code == 409
    assert "APRENDIZ_SECRET_KEY" in answer.json()["error"]["got"]
    assert await champion(database) == two[1]


@pytest.mark.parametrize("by", ["", " ", 7, "x" * 192])
async def test_who_rolls_back_has_a_name(panel: Panel, by: object) -> None:
    answer = await panel.client.post("/models/rollback", json={"requested_by": by})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "requested_by")
