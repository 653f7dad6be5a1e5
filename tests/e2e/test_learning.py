"""The teacher's answers become a new model, which the running classifier takes up by itself."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import delete

from services.storage import settings
from services.storage.tables import training_samples
from tests.e2e.outside import OutsideGateway
from tests.e2e.shop import Shop
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)

THINGS = (
    *("licuadora", "mochila", "lámpara", "silla", "chaqueta", "plancha", "cafetera", "tostadora"),
    *("batidora", "aspiradora", "impresora", "tablet", "olla", "manta", "cortadora", "bocina"),
    *("bicicleta", "afeitadora", "freidora", "nevera", "cámara", "consola", "guitarra", "estufa"),
    *("pulsera", "linterna", "almohada", "cuna", "sandalia", "cartera", "mesa", "radio", "moto"),
    *("secadora", "lavadora", "parrilla", "podadora", "balanza", "waflera", "vaporera", "sartén"),
    *("bomba", "pecera", "alarma", "bufanda", "hamaca", "pizarra", "sierra", "perilla", "repisa"),
    *("vitrina", "prensa"),
)
NEW_THING = "tetera"


def complaint(thing: str) -> str:
    """What the catalogue's examples don't prepare the student for."""
    return f"ayer la {thing} bufaba y hoy tintinea"


@pytest.fixture
async def fixed(shop: Shop) -> AsyncIterator[None]:
    """The operator's threshold holds: what a new student may answer unproven is another matter."""
    await _set(shop, "fijo")
    yield
    await _set(shop, None)


async def _set(shop: Shop, mode: str | None) -> None:
    async with shop.database.begin() as connection:
        await settings.write(connection, {"ml_umbral_modo": mode}, "test")


@pytest.fixture
async def untaught(shop: Shop) -> None:
    """Only the catalogue has taught the student: other tests' samples would be learned from too."""
    async with shop.database.begin() as connection:
        taught = training_samples.c.turn_id.is_not(None)
        await connection.execute(delete(training_samples).where(taught))


@pytest.mark.usefixtures("untaught", "fixed")
async def test_fifty_samples_lead_to_a_model_that_the_classifier_uses_without_a_restart(
    shop: Shop, gateway: OutsideGateway
) -> None:
    pids = shop.pids
    before = (await shop.get("/health"))["model"]
    assert len(await _unsure_of(shop)) > 50
    await shop.teacher.will({"when": "tintinea", "times": None, "intent": "queja_soporte"})
    run = uuid4().hex[:8]
    for thing in THINGS:
        await gateway.says(f"wa:{run}-{thing}", complaint(thing))

    async def promoted() -> bool:
        return bool((await shop.get("/health"))["model"] != before)

    await until(promoted, "a new model is in force")
    [made] = await shop.rows(
        "SELECT * FROM log_entrenamientos WHERE version = :version",
        version=(after := (await shop.get("/health"))["model"]),
    )
    assert made.state == "promoted"
    assert "new samples" in str(made.details)
    await _sure_now(shop, gateway, after)
    assert shop.pids == pids


async def _unsure_of(shop: Shop) -> list[str]:
    """The things whose complaints the teacher will have to answer."""
    judged = {thing: await shop.post("/classify", {"text": complaint(thing)}) for thing in THINGS}
    return [thing for thing, (_, answer) in judged.items() if not answer["accepted"]]


async def _sure_now(shop: Shop, gateway: OutsideGateway, version: str) -> None:
    """The classifier has the new model, and so the router answers what the teacher had to."""

    async def answered() -> bool:
        chat = f"wa:{uuid4().hex}"
        await gateway.says(chat, complaint(NEW_THING))
        [answer] = await gateway.answers(chat, 1)
        [turn] = await shop.rows("SELECT * FROM turns WHERE conversation_id = :chat", chat=chat)
        return (answer["author"], turn.model_version) == ("router", version)

    await until(answered, "the student is sure now")
    _, judged = await shop.post("/classify", {"text": complaint(NEW_THING)})
    assert (judged["intent"], judged["accepted"]) == ("queja_soporte", True)
    assert judged["model_version"] == version
