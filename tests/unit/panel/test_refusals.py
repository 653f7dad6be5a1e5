"""What the API says to a wrong request, and whom it lets in."""

import pytest
from starlette.datastructures import Headers

from services.panel.access import admit
from services.panel.body_limit import check
from services.panel.refusals import ApiError, shown

JSON = Headers({"content-type": "application/json; charset=utf-8"})
HERE = {"host": "127.0.0.1:5000"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "EOF"),
        (b"{'text': 1}", "key must be a string"),
        (b'{"text": NaN}', "expected"),
        (b'{"text": "\\ud800"}', "hex escape"),
        (b'{"text": "\xff"}', "unicode"),
        (b"[" * 5000, "recursion"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(JSON, body)
    assert refused.value.status == 400
    assert refused.value.refusal.expected == "JSON in UTF-8, without lone surrogates"
    assert words in refused.value.refusal.got


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_kind_is_refused(kind: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(Headers({"content-type": kind}), b'{"text": "hola"}')
    assert refused.value.status == 415


def test_no_body_needs_no_kind() -> None:
    check(Headers({}), b"")


@pytest.mark.parametrize("given", ["Bearer right", "bearer right", "Bearer  right "])
def test_the_token_lets_in(given: str) -> None:
    admit("/classify", Headers({"authorization": given}), "right")


@pytest.mark.parametrize("given", ["", "right", "Basic right", "Bearer wrong", "Bearer rightt"])
def test_anything_else_does_not(given: str) -> None:
    with pytest.raises(ApiError) as refused:
        admit("/health", Headers({"authorization": given}), "right")
    assert refused.value.status == 401
    assert "right" not in str(refused.value.refusal)


def test_the_documentation_can_be_read_without_the_token() -> None:
    for path in ("/docs", "/docs/files/swagger-ui.css", "/openapi.json"):
        admit(path, Headers({}), "right")
    with pytest.raises(ApiError):
        admit("/docsanything", Headers({}), "right")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:5000"},
        {"host": "[::1"},
        {**HERE, "origin": "http://[::1"},
        {},
        HERE | {"origin": "https://evil.example"},
        HERE | {"origin": "null"},
    ],
)
def test_a_page_of_the_web_cannot_use_this_machines_browser(headers: dict[str, str]) -> None:
    with pytest.raises(ApiError) as refused:
        admit("/train", Headers(headers), None)
    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1", "[::1]:5000"])
def test_programs_and_pages_of_this_machine_need_no_token(host: str) -> None:
    admit("/train", Headers({"host": host, "origin": f"http://{host}"}), None)


@pytest.mark.parametrize(
    ("value", "words"),
    [("hola", "'hola'"), ("x" * 81, "81 characters"), (None, "null"), (True, "true"),
     (7, "the number 7"), ([], "a list"), ({}, "an object")],
)  # fmt: skip
def test_what_came_is_said_shortly(value: object, words: str) -> None:
    assert shown(value) == words
