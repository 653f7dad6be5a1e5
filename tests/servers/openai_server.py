"""A server that speaks OpenAI's chat completions and answers as it is told.

In a test: ``async with running(OpenAIServer()) as server``. Beside separate processes:
``python -m tests.servers.openai_server --port 8099``, then ``POST /program`` a JSON list of
`Rule` fields, and ``GET /calls`` for what was asked (with its `Authorization` header as ``key``).
"""

import argparse
import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Call = dict[str, Any]

KEEP_ALIVE = 60
"""Seconds. The client drops idle connections after 5: a server that does so at the same moment now
and then resets one on which a request is under way."""


@dataclass(frozen=True)
class Rule:
    """What to answer, ``times`` times (None: always), to a request whose last message has `when`.

    `delay` is in seconds; `hang` never answers; `status` other than 200 answers with an OpenAI
    error of `code` and `message`; `content` is the model's raw text, `body` the raw HTTP body that
    claims an `encoding`; `tokens` is what the question is said to have cost.
    """

    when: str = ""
    times: int | None = 1
    delay: float = 0.0
    hang: bool = False
    status: int = 200
    code: str | None = None
    message: str = "told to fail"
    content: str | None = None
    body: str | None = None
    refusal: str | None = None
    finish_reason: str = "stop"
    intent: str | None = None
    reply: str = "Claro, con gusto te ayudo."
    confidence: float = 0.9
    proposed_intent: Any = None
    tokens: Any = 100
    encoding: str = "identity"

    def said(self) -> str:
        """The model's text."""
        names = ("intent", "reply", "confidence", "proposed_intent")
        answer = {name: getattr(self, name) for name in names}
        return json.dumps(answer, ensure_ascii=False) if self.content is None else self.content


@dataclass
class OpenAIServer:
    """The server's state: the rules still to be followed, and the calls it had."""

    json_schema: bool = True
    """False: refuses ``response_format`` of type json_schema, as many servers do."""
    rules: list[Rule] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    port: int = 0
    called: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def app(self) -> Starlette:
        routes = [
            Route("/v1/chat/completions", self._complete, methods=["POST"]),
            Route("/program", self._program, methods=["POST"]),
            Route("/calls", self._told, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    def next_rule(self, asked: str) -> Rule:
        """The first rule for this text, used up once; without one, the default answer."""
        for place, rule in enumerate(self.rules):
            if rule.when in asked and rule.times != 0:
                if rule.times is not None:
                    self.rules[place] = replace(rule, times=rule.times - 1)
                return rule
        return Rule()

    async def _complete(self, request: Request) -> Response:
        asked = await request.json()
        self.calls.append({**asked, "key": request.headers.get("authorization", "")})
        self.called.set()
        if not self.json_schema and "response_format" in asked:
            words = "This response_format type is unavailable now"
            return _error(Rule(status=400, code="invalid_request_error", message=words))
        rule = self.next_rule(asked["messages"][-1]["content"])
        await _wait(rule, request)
        if rule.body is not None:
            packed = {"content-encoding": rule.encoding}
            return Response(rule.body, rule.status, packed, media_type="application/json")
        if rule.status != 200:
            return _error(rule)
        return JSONResponse(_completion(rule, asked))

    async def _program(self, request: Request) -> Response:
        self.rules[:] = [Rule(**each) for each in await request.json()]
        return Response(status_code=204)

    async def _told(self, request: Request) -> Response:
        return JSONResponse(self.calls)


async def _wait(rule: Rule, request: Request) -> None:
    await asyncio.sleep(rule.delay)
    while rule.hang and (await request.receive())["type"] != "http.disconnect":
        pass


def _error(rule: Rule) -> Response:
    error = {"message": rule.message, "type": "error", "code": rule.code, "param": None}
    return JSONResponse({"error": error}, rule.status)


def _completion(rule: Rule, asked: Call) -> dict[str, Any]:
    message = {"role": "assistant", "content": rule.said(), "refusal": rule.refusal}
    if rule.refusal:
        message["content"] = None
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": rule.finish_reason}],
        "usage": {"prompt_tokens": rule.tokens, "completion_tokens": 20},
    }


class _Quiet(uvicorn.Server):
    """Uvicorn that leaves the signals to whoever runs the tests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(state: OpenAIServer) -> AsyncIterator[OpenAIServer]:
    """Serve on a free port of loopback for the length of the context."""
    listening = socket.create_server(("127.0.0.1", state.port))
    state.port = listening.getsockname()[1]
    config = uvicorn.Config(
        state.app(),
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=KEEP_ALIVE,
    )
    server = _Quiet(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield state
    finally:
        server.should_exit = True
        await serving


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    state = OpenAIServer()
    uvicorn.run(
        state.app(), host="127.0.0.1", port=arguments.port, log_level="warning",
        timeout_keep_alive=KEEP_ALIVE,
    )  # fmt: skip


if __name__ == "__main__":
    main()
