"""Takes a request's body whole and small, or refuses it before anyone looks inside."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.panel.refusals import ApiError, shown

LIMIT = 64 * 1024
"""Bytes of the largest body."""
_JSON = "JSON in UTF-8, without lone surrogates"
PATIENCE = 10.0
"""Seconds in which a body must have arrived."""


class _Left(Exception):
    """The client hung up before its body was whole."""


class BodyLimit:
    """Buffers the body, which is small, and hands it on as one message."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            body = await _body(headers, receive)
            check(headers, body)
        except _Left:
            return
        except ApiError as error:
            # What was not read must not be taken for the next request.
            await error.response({"connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)


def check(headers: Mapping[str, str], body: bytes) -> None:
    """Raises ApiError unless a body, if there is one, is JSON and says so."""
    if not body:
        return
    kind = headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "Content-Type", expected="application/json", got=shown(kind))
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(400, "body", expected=_JSON, got=str(error)) from error


async def _body(headers: Headers, receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LIMIT:
        raise _too_large(f"{announced} announced")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in _chunks(receive):
                body += chunk
                if len(body) > LIMIT:
                    raise _too_large("more")
    except TimeoutError as error:
        late = f"the whole body within {PATIENCE:g} s"
        raise ApiError(408, "body", expected=late, got=f"{len(body)} bytes") from error
    return bytes(body)


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Left
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _too_large(got: str) -> ApiError:
    return ApiError(413, "body", expected=f"at most {LIMIT:,} bytes", got=got)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
