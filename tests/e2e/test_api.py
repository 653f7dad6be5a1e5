"""The HTTP API of a shop whose services are processes of their own."""

from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.outside import OutsideGateway
from tests.e2e.shop import Shop
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)


async def test_health_and_classify_tell_of_the_model_in_force(shop: Shop) -> None:
    async def well() -> Any:
        told = await shop.get("/health")
        return told if told["status"] == "ok" else None

    health = await until(well, "the panel has the model too")
    assert (health["broker"], health["database"]) == ("ok", "ok")
    status, judged = await shop.post("/classify", {"text": "hola buenas tardes"})
    assert status == 200
    assert (judged["intent"], judged["accepted"]) == ("saludo", True)
    assert judged["model_version"] == health["model"]


@pytest.mark.parametrize("text", ["", "hola\x00", "x" * 10_000, None, 7])
async def test_nonsense_is_refused_in_words(shop: Shop, text: object) -> None:
    status, refusal = await shop.post("/classify", {"text": text})
    assert status == 422
    assert refusal["error"]["field"] == "text"
    assert refusal["error"]["expected"]


async def test_a_training_that_was_asked_for_is_carried_out(shop: Shop) -> None:
    status, accepted = await shop.post("/train", {"requested_by": "ana"})
    assert status == 202

    async def ended() -> str | None:
        state = (await shop.get(f"/train/{accepted['training_id']}"))["state"]
        return state if state in ("promoted", "refused", "failed") else None

    assert await until(ended, "the training ends") in ("promoted", "refused")
    training = await shop.get(f"/train/{accepted['training_id']}")
    assert (training["requested_by"], training["progress"]) == ("ana", 1.0)


async def test_a_person_answers_what_the_teacher_could_not(
    shop: Shop, gateway: OutsideGateway
) -> None:
    chat = f"wa:{uuid4().hex}"
    rule = {"when": "volaba", "status": 401, "code": "invalid_api_key", "message": "no such key"}
    await shop.teacher.will({**rule, "times": None})
    await gateway.says(chat, "soñé que el reloj volaba sobre el mar")
    [holding] = await gateway.answers(chat, 1)
    assert (holding["kind"], holding["author"]) == ("holding", "teacher")
    [question] = [
        each
        for each in (await shop.get("/questions"))["questions"]
        if each["conversation_id"] == chat
    ]
    said = {"text": "¡Qué bonito sueño!", "intent": None, "person": "Ana"}
    status, _ = await shop.post(f"/questions/{question['turn_id']}/answer", said)
    assert status == 202
    _, answer = await gateway.answers(chat, 2)
    assert (answer["author"], answer["text"]) == ("person", "¡Qué bonito sueño!")
    status, refusal = await shop.post(f"/questions/{question['turn_id']}/answer", said)
    assert (status, refusal["error"]["got"]) == (409, "one that Ana has answered")
