"""What the teacher says of a student's word: once more blindly where the two firmly disagree."""

import json
from typing import Any

import pytest

from contracts.envelope import Envelope, cause
from contracts.events import (
    Graded,
    IntentClassified,
    Reason,
    Route,
    SampleRecorded,
    TurnReady,
)
from services.teacher.handler import SOURCE
from tests.component.teacher.conftest import ANSWER, Stand, lesson, said, teach
from tests.servers.openai_server import OpenAIServer, Rule
from tests.turns import turn_of


async def test_a_shadow_turn_is_labelled_and_nobody_is_told(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    [events] = await teach(stand.teacher(), lesson(turn_of("pan?"), Route.SHADOW))
    assert [event.type for event in events] == ["sample.recorded"]


async def test_a_label_comes_with_what_the_student_had_said(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    [[sample]] = await teach(
        stand.teacher(), lesson(turn_of("pan?"), Route.SHADOW, **said("precio", 0.97))
    )
    assert isinstance(sample, SampleRecorded)
    assert sample.graded == Graded(said="precio", confidence=0.97, model_version="v1", drawn=True)
    assert not sample.second


@pytest.mark.parametrize(
    "nobody",
    [
        {},
        {"intent": "afirmar", "confidence": 1.0},
        {
            "intent": "de_antes",
            "confidence": 0.99,
            "model_version": "v1",
            "reason": Reason.OUT_OF_SCOPE,
        },
    ],
    ids=["no model", "a rule", "an intent that is gone"],
)
async def test_what_no_model_said_is_not_graded(stand: Stand, nobody: dict[str, Any]) -> None:
    [[_, sample]] = await teach(stand.teacher(), lesson(turn_of("pan?"), **nobody))
    assert isinstance(sample, SampleRecorded)
    assert sample.graded is None


@pytest.mark.parametrize("route", [Route.SHADOW, Route.UNSURE])
async def test_a_firm_disagreement_is_asked_about_once_more_blindly(
    stand: Stand, server: OpenAIServer, route: Route
) -> None:
    server.rules = [ANSWER, Rule(intent="horario", confidence=0.8)]
    first = lesson(turn_of("¿a qué hora hay pan?"), route, **said("horario", 0.9, drawn=False))
    [[*_, sample, dispute]] = await teach(stand.teacher(), first)
    assert isinstance(sample, SampleRecorded)
    assert isinstance(dispute, IntentClassified)
    assert (dispute.type, dispute.reason) == ("intent.classified.shadow", Reason.DISPUTED)
    blind = cause(first, [dispute], source=SOURCE)[0]
    again = await teach(stand.teacher(), blind, blind)
    assert again == [[sample.model_copy(update=SECOND)]] * 2
    assert len(server.calls) == 2
    assert await stand.left() == []


SECOND = {"intent": "horario", "confidence": 0.8, "second": True}


async def test_the_blind_question_knows_neither_the_conversation_nor_the_guess(
    stand: Stand, server: OpenAIServer
) -> None:
    await teach(stand.teacher(), disputed(turn_of("¿a qué hora?", asked="precio")))
    [call] = server.calls
    system, user = (message["content"] for message in call["messages"])
    assert json.loads(user) == {"mensaje_del_cliente": "¿a qué hora?"}
    assert "Sobre horario." in system
    form = call["response_format"]["json_schema"]["schema"]
    assert set(form["required"]) == {"intent", "confidence"}


async def test_what_a_blind_question_needs_no_reply_for(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [Rule(content='{"intent": null, "confidence": 0.7}')]
    [[sample]] = await teach(stand.teacher(), disputed(turn_of("pan?")))
    assert isinstance(sample, SampleRecorded)
    assert (sample.second, sample.intent) == (True, None)


async def test_a_blind_question_that_fails_is_simply_not_settled(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [Rule(status=401)]
    assert await teach(stand.teacher(), disputed(turn_of("pan?"))) == [()]
    assert await stand.left() == []
    assert await stand.question(turn_of("pan?")) is None


def disputed(turn: TurnReady) -> Envelope[IntentClassified]:
    return lesson(turn, Route.SHADOW, **{**said("precio", 0.95), "reason": Reason.DISPUTED})


@pytest.mark.parametrize(
    ("label", "confidence"), [("horario", 0.95), ("precio", 0.89)], ids=["agrees", "not firm"]
)
async def test_nobody_is_asked_twice_otherwise(
    stand: Stand, server: OpenAIServer, label: str, confidence: float
) -> None:
    server.rules = [Rule(intent=label)]
    [events] = await teach(
        stand.teacher(), lesson(turn_of("pan?"), Route.SHADOW, **said("horario", confidence))
    )
    assert [event.type for event in events] == ["sample.recorded"]
