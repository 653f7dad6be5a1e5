"""People label turns without seeing what was said of them; what they say becomes a sample."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from contracts.codec import decode
from contracts.events import Author, Origin, SampleRecorded
from services.storage import evidence, samples
from services.storage.engine import Database
from services.storage.evidence import Annotation, StudentAnswer
from services.storage.outbox import OutboxStore
from services.storage.samples import NewSample, SampleState
from services.storage.tables import auditoria
from services.storage.tables import evidence as graded_turns
from tests.component.panel.conftest import Panel

NOW = datetime.now(UTC).replace(microsecond=0)
SAID = StudentAnswer("precio", 0.97, "v1", True)
LABEL = {"intent": "saludo", "person": "Ana"}


def annotation(turn_id: str, label: str, origin: str = "live") -> Annotation:
    return Annotation(turn_id, "teacher", label, f"hola de {turn_id}", "luz", origin, NOW, SAID)


@pytest.fixture(autouse=True)
async def graded(database: Database) -> None:
    """One agreement that was drawn, one that was not, and one disagreement."""
    held = NewSample(
        "e", "hola", "saludo", "teacher", None, "live", None, "luz", "differs", NOW,
        SampleState.HELD,
    )  # fmt: skip
    async with database.begin() as connection:
        differs = annotation("differs", "saludo", origin="simulated")
        heard = [annotation("agrees", "precio"), differs, annotation("other", "precio")]
        await evidence.annotate(connection, heard)
        await evidence.to_audit(connection, ["agrees"])
        await samples.store(connection, [held])


async def listed(panel: Panel) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await panel.client.get("/checks")).json()["checks"]
    return found


async def test_checks_are_listed_without_what_was_said_of_them(panel: Panel) -> None:
    first, second = await listed(panel)
    assert (first["turn_id"], first["why"]) == ("agrees", "agreement")
    assert (second["turn_id"], second["why"]) == ("differs", "disagreement")
    assert set(first) == {"turn_id", "text", "why", "created_at"}
    assert first["text"] == "hola de agrees"


async def test_no_more_are_listed_than_asked_for(panel: Panel) -> None:
    answer = await panel.client.get("/checks", params={"limit": 1})
    assert [each["turn_id"] for each in answer.json()["checks"]] == ["agrees"]


async def test_an_agreement_that_has_left_the_window_is_asked_about_no_more(
    panel: Panel, database: Database
) -> None:
    long_ago = NOW - timedelta(days=91)
    async with database.begin() as connection:
        agrees = update(graded_turns).where(graded_turns.c.turn_id == "agrees")
        await connection.execute(agrees.values(created_at=long_ago))
    assert [each["turn_id"] for each in await listed(panel)] == ["differs"]


async def test_a_label_is_a_persons_sample(panel: Panel, database: Database) -> None:
    answer = await panel.client.post("/checks/differs", json=LABEL)
    assert (answer.status_code, answer.json()) == (202, {"turn_id": "differs"})
    [row] = await OutboxStore(database, "test").claim(10, 30)
    assert decode(row.body).data == SampleRecorded(
        text="hola de differs",
        intent="saludo",
        labelled_by=Author.PERSON,
        origin=Origin.SIMULATED,
        turn_id="differs",
        contact_id="luz",
    )
    assert len(panel.woken) == 1
    async with database.read() as connection:
        history = select(auditoria.c.who, auditoria.c.what, auditoria.c.target, auditoria.c.after)
        [noted] = await connection.execute(history)
    assert tuple(noted) == ("Ana", "label", "differs", "saludo")
    assert [each["turn_id"] for each in await listed(panel)] == ["agrees"]


async def test_a_check_is_settled_once(panel: Panel) -> None:
    assert (await panel.client.post("/checks/differs", json=LABEL)).status_code == 202
    again = await panel.client.post("/checks/differs", json=LABEL)
    assert again.status_code == 409
    assert again.json()["error"]["got"] == "one that is settled"


@pytest.mark.parametrize("turn_id", ["nothing", "other"])
async def test_a_turn_that_is_no_check_is_not_found(panel: Panel, turn_id: str) -> None:
    answer = await panel.client.post(f"/checks/{turn_id}", json=LABEL)
    assert (answer.status_code, answer.json()["error"]["field"]) == (404, "turn_id")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"intent": "no_such", "person": "Ana"}, "intent"),
        ({"person": "Ana"}, "intent"),
        ({"intent": None}, "person"),
        ({"intent": None, "person": " "}, "person"),
    ],
)
async def test_a_label_needs_an_intent_of_the_catalogue_and_a_name(
    panel: Panel, body: dict[str, object], field: str
) -> None:
    answer = await panel.client.post("/checks/agrees", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert len(await listed(panel)) == 2
