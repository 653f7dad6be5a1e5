"""The client against a real HTTP server: every way in which asking goes well or wrong."""

import asyncio
import json
import socket
import sys
import time

import pytest
from pydantic import SecretStr

from services.runtime.live import LiveSettings
from services.teacher.client import Endpoint, TeacherClient
from services.teacher.outcome import Kind, TeacherFailed
from services.teacher.prompt import Prompt
from tests.servers.openai_server import OpenAIServer, Rule

ASKED = Prompt("Eres la tienda.", "¿Cuánto cuesta? 🥖", ("precio", "horario"))


def at(server: OpenAIServer, *, key: str = "sk-uno", seconds: float = 5.0) -> LiveSettings:
    return LiveSettings(
        openai_api_key=SecretStr(key), openai_base_url=server.url, openai_segundos=seconds
    )


async def failure(client: TeacherClient, settings: LiveSettings) -> Kind:
    with pytest.raises(TeacherFailed) as caught:
        await client.ask(settings, ASKED)
    return caught.value.kind


async def test_an_answer_comes_with_its_model_and_tokens(
    server: OpenAIServer, client: TeacherClient
) -> None:
    server.rules = [Rule(intent="precio", reply="Cuesta $10 🙂", confidence=0.8)]
    answered = await client.ask(at(server), ASKED)
    assert (answered.answer.intent, answered.answer.reply) == ("precio", "Cuesta $10 🙂")
    assert answered.answer.confidence == 0.8
    assert answered[1:] == ("gpt-4o-mini", 100, 20)
    [call] = server.calls
    assert call["key"] == "Bearer sk-uno"
    assert call["response_format"]["json_schema"]["strict"] is True
    assert [each["content"] for each in call["messages"]] == [ASKED.system, ASKED.user]


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (Rule(status=401), Kind.AUTHENTICATION),
        (Rule(status=403), Kind.PERMISSION),
        (Rule(status=404, code="model_not_found"), Kind.UNKNOWN_MODEL),
        (Rule(status=400), Kind.BAD_REQUEST),
        (Rule(status=429), Kind.RATE_LIMIT),
        (Rule(status=429, code="insufficient_quota"), Kind.QUOTA),
        (Rule(status=500), Kind.SERVER),
        (Rule(status=503, body="<html>busy</html>"), Kind.SERVER),
        (Rule(hang=True), Kind.TIMEOUT),
        (Rule(content="no soy JSON"), Kind.MALFORMED),
        (Rule(content='{"intent": "clima", "reply": "a", "confidence": 1}'), Kind.MALFORMED),
        (Rule(body="{"), Kind.MALFORMED),
        (Rule(body="[]"), Kind.MALFORMED),
        (Rule(body="{}"), Kind.MALFORMED),
        (Rule(body='{"choices": []}'), Kind.MALFORMED),
        (Rule(body='{"choices": [{"index": 0}]}'), Kind.MALFORMED),
        (Rule(body='{"choices": [null]}'), Kind.MALFORMED),
        (Rule(body='"hola"'), Kind.MALFORMED),
        (Rule(body="{" + " " * 2_000_000), Kind.CONNECTION),
        (Rule(status=500, body=" " * 2_000_000), Kind.CONNECTION),
        (Rule(refusal="No puedo."), Kind.REFUSED),
        (Rule(finish_reason="content_filter"), Kind.REFUSED),
    ],
    ids=lambda value: str(value)[:80],
)
async def test_each_failure_has_its_kind_and_costs_one_call(
    server: OpenAIServer, client: TeacherClient, rule: Rule, kind: Kind
) -> None:
    server.rules = [rule]
    seconds = 0.5 if rule.hang else 10.0  # a busy machine may take a while to answer
    assert await failure(client, at(server, seconds=seconds)) is kind
    assert len(server.calls) == 1


async def test_what_a_server_says_of_its_failure_is_cut_short(
    server: OpenAIServer, client: TeacherClient
) -> None:
    server.rules = [Rule(status=500, message="ay " * 1_000)]
    with pytest.raises(TeacherFailed) as caught:
        await client.ask(at(server), ASKED)
    assert len(str(caught.value)) < 400


async def test_a_packed_answer_is_not_unpacked(server: OpenAIServer, client: TeacherClient) -> None:
    server.rules = [Rule(body="x", encoding="gzip")]
    assert await failure(client, at(server)) is Kind.MALFORMED


@pytest.mark.parametrize("tokens", [10**30, -1, "12", None, 1.5])
async def test_tokens_that_cannot_be_counted_do_not_cost_the_answer(
    server: OpenAIServer, client: TeacherClient, tokens: object
) -> None:
    server.rules = [Rule(intent="precio", tokens=tokens)]
    answered = await client.ask(at(server), ASKED)
    assert (answered.answer.intent, answered.input_tokens) == ("precio", None)


async def test_the_key_is_not_shown_where_the_endpoint_is() -> None:
    assert "sk-uno" not in repr(Endpoint("http://host", "sk-uno"))


async def test_the_deadline_is_one_for_both_tries(
    server: OpenAIServer, client: TeacherClient
) -> None:
    server.json_schema = False
    server.rules = [Rule(delay=5)]
    began = time.monotonic()
    assert await failure(client, at(server, seconds=0.4)) is Kind.TIMEOUT
    assert time.monotonic() - began < 3


async def test_a_server_without_json_schemas_is_asked_in_words_and_remembered(
    server: OpenAIServer, client: TeacherClient
) -> None:
    server.json_schema = False
    said = '```json\n{"intent": "horario", "reply": "A las 9", "confidence": 0.7}\n```'
    server.rules = [Rule(content=said, times=None)]
    for _ in range(2):
        assert (await client.ask(at(server), ASKED)).answer.intent == "horario"
    assert ["response_format" in call for call in server.calls] == [True, False, False]


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_the_format_by_its_name_is_asked_without_it(
    server: OpenAIServer, client: TeacherClient, status: int
) -> None:
    words = "response_format: extra inputs are not permitted"
    server.rules = [Rule(status=status, message=words), Rule(intent="horario")]
    assert (await client.ask(at(server), ASKED)).answer.intent == "horario"


async def test_a_model_with_an_endless_name_is_noted_by_its_beginning(
    server: OpenAIServer, client: TeacherClient
) -> None:
    """Paid for is paid for: the name has to fit its column."""
    said = {"message": {"content": Rule(intent="precio").said()}}
    server.rules = [Rule(body=json.dumps({"choices": [said], "model": "m" * 500}))]
    assert (await client.ask(at(server), ASKED)).model == "m" * 191


async def test_nobody_listening_is_a_lost_connection(client: TeacherClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = OpenAIServer(port=port)
    assert await failure(client, at(nobody)) is Kind.CONNECTION


async def test_without_a_key_nothing_is_called(client: TeacherClient) -> None:
    assert await failure(client, LiveSettings()) is Kind.NO_KEY


@pytest.mark.parametrize(
    "settings",
    [
        LiveSettings(openai_base_url="localhost:8000/v1"),
        LiveSettings(openai_base_url="http://[::1/v1"),
        LiveSettings(openai_base_url="http://host:99999/v1"),
        LiveSettings(openai_base_url="http://"),
        LiveSettings(openai_api_key=SecretStr("clave con ñ")),
        LiveSettings(openai_api_key=SecretStr("a\nb")),
    ],
    ids=str,
)
async def test_settings_that_cannot_work_are_told_without_a_call(
    client: TeacherClient, settings: LiveSettings
) -> None:
    assert await failure(client, settings) is Kind.WRONG_SETTINGS


async def test_a_new_key_is_used_at_once_while_an_older_call_ends_well(
    server: OpenAIServer, client: TeacherClient
) -> None:
    server.rules = [Rule(delay=0.5, intent="precio")]
    slow = asyncio.create_task(client.ask(at(server), ASKED))
    await server.called.wait()
    await client.ask(at(server, key="sk-dos"), ASKED)
    assert (await slow).answer.intent == "precio"
    assert [call["key"] for call in server.calls] == ["Bearer sk-uno", "Bearer sk-dos"]


async def test_a_server_of_our_own_needs_no_key(
    server: OpenAIServer, client: TeacherClient
) -> None:
    answered = await client.ask(LiveSettings(openai_base_url=server.url), ASKED)
    assert answered.answer.reply


async def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    source = "import sys, services.teacher.wiring; sys.exit('openai' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", source)
    assert await process.wait() == 0
