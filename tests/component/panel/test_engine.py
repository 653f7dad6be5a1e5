"""What the API says of the engine, and how it refuses what is wrong."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.learning.certifying.trust import GradedCount, Policy, Standing, trust
from services.panel import body_limit, engine
from services.runtime import health
from services.runtime.health import Outside
from services.runtime.http import PortBusy
from services.storage.engine import Database
from tests.component.panel.conftest import Open, Panel, Parrot

HOLA = {"text": "hola, precio?"}


@pytest.fixture
async def here(sqlite_url: str, open_panel: Open) -> AsyncIterator[Panel]:
    """A panel whose database nobody has made: what follows does without it."""
    async with Database.open(sqlite_url) as database, open_panel(database) as opened:
        yield opened


def error_of(answer: object) -> dict[str, str]:
    body = answer.json()  # type: ignore[attr-defined]
    assert set(body) == {"error"}
    assert set(body["error"]) == {"field", "expected", "got"}
    return dict(body["error"])


async def test_a_text_is_classified(here: Panel) -> None:
    answer = await here.client.post("/classify", json=HOLA)
    assert answer.status_code == 200
    assert answer.json() == {
        "intent": "precio",
        "confidence": 0.9,
        "alternatives": [{"intent": "saludo", "confidence": pytest.approx(0.1)}],
        "model_version": "20260101T000000-00000000",
        "threshold": 0.8,
        "state": "unproven",
        "accepted": True,
        "reason": "accepted",
    }


async def test_the_trust_and_the_model_take_effect_without_a_restart(here: Panel) -> None:
    strict = Policy(threshold=0.95, has_teacher=False)
    here.trusted.trust = trust(Standing(), strict, GradedCount(0, 0))
    unsure = (await here.client.post("/classify", json=HOLA)).json()
    assert (unsure["accepted"], unsure["reason"]) == (False, "below_threshold")
    here.slot.swap(Parrot(0.99, "20270101T000000-00000000"))
    sure = (await here.client.post("/classify", json=HOLA)).json()
    assert (sure["accepted"], sure["model_version"]) == (True, "20270101T000000-00000000")


async def test_without_a_model_it_says_so(here: Panel) -> None:
    here.slot.student, here.slot.problem = None, "no model has been trained yet"
    answer = await here.client.post("/classify", json=HOLA)
    assert answer.status_code == 503
    assert error_of(answer) == {
        "field": "model",
        "expected": "a trained model",
        "got": "no model has been trained yet",
    }


@pytest.mark.parametrize(
    ("text", "field", "expected", "got"),
    [
        ("", "text", "at least 1 character", "''"),
        ("  \n", "text", "some text, not only spaces", "'  \\n'"),
        ("x" * 4097, "text", "at most 4,096 characters", "4097 characters"),
        ("a\x00b", "text", "text without NUL (U+0000)", "'a\\x00b'"),
        (7, "text", "text in quotes", "the number 7"),
        (None, "text", "text in quotes", "null"),
        (["hola"], "text", "text in quotes", "a list"),
    ],
)
async def test_a_wrong_text_is_refused_by_name(
    here: Panel, text: object, field: str, expected: str, got: str
) -> None:
    answer = await here.client.post("/classify", json={"text": text})
    assert answer.status_code == 422
    assert error_of(answer) == {"field": field, "expected": expected, "got": got}


async def test_4096_characters_with_emoji_are_taken(here: Panel) -> None:
    assert (await here.client.post("/classify", json={"text": "🙂" * 4096})).status_code == 200


@pytest.mark.parametrize("body", [{}, {"texto": "hola"}])
async def test_a_missing_text_is_named(here: Panel, body: dict[str, str]) -> None:
    answer = await here.client.post("/classify", json=body)
    assert (answer.status_code, error_of(answer)["field"]) == (422, "text")


@pytest.mark.parametrize("body", [b'["hola"]', b'"hola"', b"3", b"null", b""])
async def test_a_body_that_is_no_object_is_refused(here: Panel, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await here.client.post("/classify", content=body, headers=headers)
    assert (answer.status_code, error_of(answer)["field"]) == (422, "body")


@pytest.mark.parametrize(
    "body",
    [b'{"text": "ho', b'{"text": NaN}', b'{"text": "\\ud83d"}', b'{"text": "\xe9"}', b"[" * 9999],
)
async def test_a_body_that_is_not_json_is_refused(here: Panel, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await here.client.post("/classify", content=body, headers=headers)
    assert (answer.status_code, error_of(answer)["field"]) == (400, "body")


async def test_another_content_type_is_refused(here: Panel) -> None:
    answer = await here.client.post("/classify", content=json.dumps(HOLA))
    assert answer.status_code == 415
    assert error_of(answer)["expected"] == "application/json"
    form = await here.client.post("/classify", data=HOLA)
    assert (form.status_code, error_of(form)["field"]) == (415, "Content-Type")


async def test_a_body_over_64_kib_is_refused(here: Panel) -> None:
    answer = await here.client.post("/classify", json={"text": "x" * 65_536})
    assert answer.status_code == 413
    assert error_of(answer)["expected"] == "at most 65,536 bytes"


async def test_a_body_of_64_kib_is_taken(here: Panel) -> None:
    body = json.dumps(HOLA).encode().ljust(65_536)
    headers = {"content-type": "application/json"}
    answer = await here.client.post("/classify", content=body, headers=headers)
    assert answer.status_code == 200


async def status_of(panel: Panel, rest: bytes) -> bytes:
    """The status line that answers a question without an end, of which `rest` is sent.

    The connection is closed after it.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", panel.port)
    writer.write(
        b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + rest
    )
    async with asyncio.timeout(5):
        status = await reader.readline()
        await reader.read()
    writer.close()
    return status


async def test_a_body_that_never_comes_is_not_waited_for(
    here: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "PATIENCE", 0.2)
    assert b"408" in await status_of(here, b"Content-Length: 9\r\n\r\n{")


async def test_a_chunked_body_is_refused_before_it_has_ended(here: Panel) -> None:
    """The rest of it never comes: an answer shows that nobody waits for it."""
    chunk = b"11000\r\n" + b"x" * 0x11000 + b"\r\n"
    assert b"413" in await status_of(here, b"Transfer-Encoding: chunked\r\n\r\n" + chunk)


async def test_an_announced_body_is_refused_before_it_comes(here: Panel) -> None:
    assert b"413" in await status_of(here, b"Content-Length: 9999999999\r\n\r\n")


async def test_an_unknown_path_is_told_which_there_are(here: Panel) -> None:
    answer = await here.client.get("/clasificar")
    assert answer.status_code == 404
    error = error_of(answer)
    assert error["got"] == "GET /clasificar"
    assert "/classify" in error["expected"]


async def test_a_wrong_method_is_told_the_right_one(here: Panel) -> None:
    answer = await here.client.get("/classify")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert error_of(answer) == {"field": "method", "expected": "POST", "got": "GET /classify"}


async def test_health_says_what_there_is(panel: Panel) -> None:
    answer = await panel.client.get("/health")
    assert answer.status_code == 200
    found = answer.json()
    assert re.fullmatch(r"\d+\.\d+\.\d+", found.pop("version"))
    assert found == {
        "status": "ok",
        "model": "20260101T000000-00000000",
        "problem": None,
        "broker": "ok",
        "database": "ok",
    }


async def test_health_does_not_wait_for_what_says_nothing(
    here: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent() -> str | None:
        return await asyncio.Event().wait() and None

    async def well() -> str | None:
        return None

    monkeypatch.setattr(health, "PATIENCE", 0.1)
    async with asyncio.timeout(5):
        found = await engine.health(here.slot, Outside(silent, well))
    assert (found.broker, found.database) == ("did not answer within 0.1 s", "ok")
    assert found.status == "degraded"


async def test_a_model_that_could_not_be_taken_is_no_good_health(panel: Panel) -> None:
    """The former one answers: /health says why."""
    panel.slot.problem = "the newest model is of a later release"
    health = (await panel.client.get("/health")).json()
    assert (health["status"], health["model"]) == ("degraded", "20260101T000000-00000000")
    assert health["problem"] == "the newest model is of a later release"


async def test_the_panel_stays_up_without_a_model_or_a_database(open_panel: Open) -> None:
    nowhere = Database.open("mysql://nobody@127.0.0.1:9/nothing")
    async with nowhere, open_panel(nowhere) as opened:
        opened.slot.student, opened.slot.problem = None, "no model yet"
        health = (await opened.client.get("/health")).json()
        assert (health["status"], health["model"]) == ("degraded", None)
        assert health["problem"] == "no model yet"
        assert "127.0.0.1" in health["database"]
        for answer in (
            await opened.client.post("/train"),
            await opened.client.get("/questions"),
            await opened.client.get("/models"),
        ):
            assert (answer.status_code, error_of(answer)["field"]) == (503, "database")


async def test_with_a_token_every_caller_must_send_it(sqlite_url: str, open_panel: Open) -> None:
    database = Database.open(sqlite_url)
    async with database, open_panel(database, http_token="abre sésamo") as opened:
        for wrong in ({}, {"authorization": "Bearer wrong"}):
            answer = await opened.client.get("/health", headers=wrong)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert error_of(answer)["field"] == "Authorization"
        right = {b"authorization": "Bearer abre sésamo".encode()}
        assert (await opened.client.get("/health", headers=right)).status_code == 200
        assert (await opened.client.get("/docs")).status_code == 200


async def test_a_page_of_the_web_cannot_ask_for_a_training(here: Panel) -> None:
    answer = await here.client.post("/train", headers={"origin": "https://evil.example"})
    assert (answer.status_code, error_of(answer)["field"]) == (403, "Origin")


async def test_a_busy_port_names_the_setting(
    sqlite_url: str, here: Panel, open_panel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.component.panel.conftest.free_port", lambda: here.port)
    async with Database.open(sqlite_url) as database:
        with pytest.raises(PortBusy, match="APRENDIZ_HTTP_PORT"):
            async with open_panel(database):
                raise AssertionError("two panels cannot have one port")


async def test_the_documentation_asks_no_other_host(here: Panel) -> None:
    page = await here.client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(linked) == 4
    for path in linked:
        assert path.startswith("/docs/"), path
        assert (await here.client.get(path)).status_code == 200
    start = (await here.client.get("/docs/start.js")).text
    assert "://" not in page.text + start
    assert "validatorUrl: null" in start


async def test_the_documentation_lists_every_path_and_its_errors(here: Panel) -> None:
    described = (await here.client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.0."), "the packaged Swagger UI renders no other"
    assert set(described["paths"]) == {
        "/health",
        "/classify",
        "/trust",
        "/train",
        "/train/{training_id}",
        "/intents",
        "/intents/proposed",
        "/intents/{name}",
        "/models",
        "/models/rollback",
        "/models/{version}",
        "/models/{version}/promote",
        "/questions",
        "/questions/{turn_id}/answer",
        "/checks",
        "/checks/{turn_id}",
    }
    page = (Path(__file__).parents[3] / "docs/api.md").read_text()
    assert set(re.findall(r"^\| `[A-Z]+ (\S+)` \|", page, re.MULTILINE)) == set(described["paths"])
    answers = described["paths"]["/classify"]["post"]["responses"]
    assert set(answers) == {"200", "400", "403", "408", "413", "415", "422", "503"}
    assert "HTTPValidationError" not in described["components"]["schemas"]
