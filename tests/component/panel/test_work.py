"""Trainings are asked for and questions answered in one transaction with their events."""

import asyncio

import pytest

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events import (
    Author,
    Event,
    Kind,
    Origin,
    ReplyKind,
    ReplyRequested,
    SampleRecorded,
    TrainingRequested,
)
from services.panel import questions
from services.panel.question_bodies import Answer
from services.runtime.settings import SIMULATOR
from services.storage import claims, teaching, training
from services.storage.engine import Database
from services.storage.outbox import OutboxStore
from services.storage.training import State
from tests.component.panel.conftest import Panel
from tests.turns import SENT_AT, turn_of

ANSWER = {"text": "Sí, hay talla 38.", "intent": "saludo", "person": "Ana"}


async def written(database: Database) -> list[Envelope[Event]]:
    rows = await OutboxStore(database, "test").claim(100, 30)
    return [decode(row.body) for row in rows]


@pytest.fixture
async def question(database: Database, panel: Panel) -> str:
    """The turn id of a question that waits."""
    turn = turn_of("hola", "hay talla 38?")
    async with database.begin() as connection:
        await teaching.ask(connection, turn, "no_teacher")
    return turn.turn_id


async def test_a_training_is_asked_for_through_the_outbox(database: Database, panel: Panel) -> None:
    answer = await panel.client.post("/train", json={"requested_by": "ana"})
    assert answer.status_code == 202
    training_id = answer.json()["training_id"]
    [envelope] = await written(database)
    assert envelope.data == TrainingRequested(training_id=training_id, requested_by="ana")
    assert len(panel.woken) == 1


async def test_a_training_can_be_followed_from_the_first_moment(
    database: Database, panel: Panel
) -> None:
    training_id = (await panel.client.post("/train")).json()["training_id"]
    asked = (await panel.client.get(f"/train/{training_id}")).json()
    assert (asked["state"], asked["requested_by"], asked["progress"]) == ("requested", "api", 0.0)
    async with database.begin() as connection:
        details = {"attempts": 1, "progress": 0.4, "stage": "comparing: fold 2 of 5"}
        await training.begin(connection, training.Request(training_id, "api"), 9, details)
    running = (await panel.client.get(f"/train/{training_id}")).json()
    assert (running["state"], running["progress"]) == ("running", 0.4)
    assert running["stage"] == "comparing: fold 2 of 5"
    async with database.begin() as connection:
        await training.finish(connection, training_id, State.REFUSED, "Refused: worse.", {})
    ended = (await panel.client.get(f"/train/{training_id}")).json()
    assert (ended["state"], ended["reason"]) == ("refused", "Refused: worse.")
    assert (ended["progress"], ended["stage"]) == (1.0, None)
    assert ended["created_at"] <= ended["started_at"] <= ended["finished_at"]


async def test_an_unknown_training_is_not_found(panel: Panel) -> None:
    answer = await panel.client.get("/train/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["field"] == "training_id"


async def test_a_training_can_be_cancelled_once(database: Database, panel: Panel) -> None:
    training_id = (await panel.client.post("/train")).json()["training_id"]
    cancelled = await panel.client.delete(f"/train/{training_id}?requested_by=ana")
    assert (cancelled.status_code, cancelled.json()) == (202, {"training_id": training_id})
    found = (await panel.client.get(f"/train/{training_id}")).json()
    assert (found["state"], found["reason"]) == ("cancelled", "Cancelled by ana.")
    again = await panel.client.delete(f"/train/{training_id}")
    assert again.status_code == 409
    assert again.json()["error"] == {
        "field": "training_id",
        "expected": "a training that waits or runs",
        "got": "one that is cancelled",
    }


async def test_an_unknown_training_cannot_be_cancelled(panel: Panel) -> None:
    answer = await panel.client.delete("/train/nothing")
    assert (answer.status_code, answer.json()["error"]["field"]) == (404, "training_id")


async def test_who_cancels_a_training_has_a_name(panel: Panel) -> None:
    answer = await panel.client.delete("/train/any?requested_by=")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "requested_by")


@pytest.mark.parametrize("by", ["", " ", 7, "x" * 192, "a\x00"])
async def test_who_asks_for_a_training_has_a_name(panel: Panel, by: object) -> None:
    answer = await panel.client.post("/train", json={"requested_by": by})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "requested_by")


async def test_without_models_the_list_is_empty(panel: Panel) -> None:
    assert (await panel.client.get("/models")).json() == {"models": []}


async def test_a_question_waits_until_it_is_answered(panel: Panel, question: str) -> None:
    [waiting] = (await panel.client.get("/questions")).json()["questions"]
    assert (waiting["turn_id"], waiting["text"]) == (question, "hola\nhay talla 38?")
    answer = await panel.client.post(f"/questions/{question}/answer", json=ANSWER)
    assert (answer.status_code, answer.json()) == (202, {"turn_id": question})
    assert (await panel.client.get("/questions")).json() == {"questions": []}


async def test_an_answer_is_a_reply_and_a_sample(
    database: Database, panel: Panel, question: str
) -> None:
    await panel.client.post(f"/questions/{question}/answer", json=ANSWER)
    reply, sample = [envelope.data for envelope in await written(database)]
    turn = turn_of("hola", "hay talla 38?")
    assert reply == ReplyRequested(
        turn_id=question,
        conversation_id=turn.conversation_id,
        contact=turn.contact,
        gateway="whatsapp",
        text="Sí, hay talla 38.",
        kind=ReplyKind.ANSWER,
        author=Author.PERSON,
        intent="saludo",
        in_reply_to="wamid.t-1.1",
        received_at=SENT_AT,
    )
    assert isinstance(sample, SampleRecorded)
    assert (sample.text, sample.intent) == ("hola\nhay talla 38?", "saludo")
    assert (sample.labelled_by, sample.turn_id) == (Author.PERSON, question)
    assert (sample.conversation_id, sample.contact_id) == (turn.conversation_id, turn.contact.id)
    assert len(panel.woken) == 1


def test_an_answer_on_the_simulated_phone_certifies_nothing() -> None:
    turn = turn_of("hola").model_copy(update={"gateway": SIMULATOR})
    _, sample = questions.events(turn, Answer.model_validate(ANSWER))
    assert isinstance(sample.data, SampleRecorded)
    assert sample.data.origin is Origin.SIMULATED


async def test_a_voice_note_is_answered_without_a_sample(database: Database, panel: Panel) -> None:
    async with database.begin() as connection:
        await teaching.ask(connection, turn_of(None, kinds=(Kind.AUDIO,)), "unsupported_kind")
    body = ANSWER | {"intent": None}
    assert (await panel.client.post("/questions/t-1/answer", json=body)).status_code == 202
    assert [each.type for each in await written(database)] == ["reply.requested.whatsapp"]


async def test_a_question_is_answered_once_however_many_try(
    database: Database, panel: Panel, question: str
) -> None:
    path = f"/questions/{question}/answer"
    answers = await asyncio.gather(*(panel.client.post(path, json=ANSWER) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [202, 409, 409, 409]
    late = next(each for each in answers if each.status_code == 409)
    assert late.json()["error"]["got"] == "one that Ana has answered"
    assert len(await written(database)) == 2


async def test_a_turn_that_the_bot_answered_meanwhile_is_left_alone(
    database: Database, panel: Panel, question: str
) -> None:
    async with database.begin() as connection:
        await claims.claim(connection, question, ReplyKind.ANSWER, "teacher:e-1", b"{}")
    answer = await panel.client.post(f"/questions/{question}/answer", json=ANSWER)
    assert answer.status_code == 409
    assert await written(database) == []
    assert (await panel.client.get("/questions")).json()["questions"] == []


async def test_an_unknown_question_is_not_found(panel: Panel) -> None:
    answer = await panel.client.post("/questions/nothing/answer", json=ANSWER)
    assert (answer.status_code, answer.json()["error"]["field"]) == (404, "turn_id")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"text": ""}, "text"), ({"person": ""}, "person"), ({"intent": "gone"}, "intent"),
     ({"intent": 3}, "intent"), ({"text": "x" * 4097}, "text")],
)  # fmt: skip
async def test_a_wrong_answer_changes_nothing(
    database: Database, panel: Panel, question: str, change: dict[str, object], field: str
) -> None:
    answer = await panel.client.post(f"/questions/{question}/answer", json=ANSWER | change)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert await written(database) == []
    assert len((await panel.client.get("/questions")).json()["questions"]) == 1


@pytest.mark.parametrize("limit", ["0", "501", "many"])
async def test_a_wrong_limit_is_named(panel: Panel, limit: str) -> None:
    answer = await panel.client.get("/questions", params={"limit": limit})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "limit")
