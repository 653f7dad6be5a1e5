"""Asks an OpenAI-compatible server: the one file that names the client library."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from contracts.fields import ID_LENGTH
from services.runtime.live import LiveSettings
from services.teacher.answer import Answer, Malformed, parse, schema
from services.teacher.completion import Declined, Usage, read_completion
from services.teacher.outcome import Kind, TeacherFailed, kind_of
from services.teacher.prompt import Prompt

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI = "https://api.openai.com/v1"

# Servers of our own take any key, but the library wants one.
_ANY_KEY = "none"


@dataclass(frozen=True)
class Endpoint:
    """Where the teacher is asked, and as whom."""

    url: str
    key: str = field(repr=False)


class Answered(NamedTuple):
    """An answer, the model that gave it, and its tokens where the server counts them."""

    answer: Answer
    model: str | None
    input_tokens: int | None
    output_tokens: int | None


@dataclass
class _Line:
    """An open client; ``plain`` once its server refused a JSON schema."""

    endpoint: Endpoint
    client: "AsyncOpenAI"
    plain: bool = False
    calls: int = 0


class TeacherClient:
    """One client for all calls, made anew when the key or the server changes."""

    def __init__(self) -> None:
        """Open nothing before the first call: without a key the library is never loaded."""
        self._line: _Line | None = None
        self._opening = asyncio.Lock()

    async def ask(self, settings: LiveSettings, prompt: Prompt) -> Answered:
        """Ask once, within ``openai_segundos`` in all.

        Raises:
            TeacherFailed: there is no answer; says why.
        """
        async with self._use(_endpoint(settings)) as line:
            try:
                async with asyncio.timeout(settings.openai_segundos):
                    body = await _complete(line, settings.openai_modelo, prompt)
            except TimeoutError as error:
                words = f"no answer within {settings.openai_segundos:g} s (openai_segundos)"
                raise TeacherFailed(Kind.TIMEOUT, words) from error
        return _read(body, prompt)

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for ``stop``, then hang up once the calls in hand are done."""
        await stop.wait()
        line, self._line = self._line, None
        if line is not None:
            await self._close_idle(line)

    @asynccontextmanager
    async def _use(self, endpoint: Endpoint) -> AsyncIterator[_Line]:
        line = await self._open(endpoint)
        line.calls += 1
        try:
            yield line
        finally:
            line.calls -= 1
            await self._close_idle(line)

    async def _open(self, endpoint: Endpoint) -> _Line:
        async with self._opening:
            before = self._line
            if before is not None and before.endpoint == endpoint:
                return before
            # In a thread: the library takes a second to load.
            self._line = await asyncio.to_thread(_connect, endpoint)
            if before is not None:
                await self._close_idle(before)
            return self._line

    async def _close_idle(self, line: _Line) -> None:
        if line is not self._line and line.calls == 0:
            await line.client.close()


def _endpoint(settings: LiveSettings) -> Endpoint:
    if not settings.has_teacher:
        raise TeacherFailed(Kind.NO_KEY, "neither openai_api_key nor openai_base_url is set")
    secret = settings.openai_api_key
    endpoint = Endpoint(
        url=settings.openai_base_url or OPENAI,
        key=(secret.get_secret_value() if secret else "") or _ANY_KEY,
    )
    if not (_is_url(endpoint.url) and endpoint.key.isascii() and endpoint.key.isprintable()):
        raise TeacherFailed(
            Kind.WRONG_SETTINGS, "openai_base_url or openai_api_key is no such thing"
        )
    return endpoint


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _connect(endpoint: Endpoint) -> _Line:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    from services.teacher.bounded import bound

    client = AsyncOpenAI(
        api_key=endpoint.key,
        base_url=endpoint.url,
        # Its own retries would outlast every deadline of ours; the ladder retries.
        max_retries=0,
        timeout=None,
        default_headers={"accept-encoding": "identity"},
        http_client=DefaultAsyncHttpxClient(event_hooks={"response": [bound]}),
    )
    return _Line(endpoint, client)


async def _complete(line: _Line, model: str, prompt: Prompt) -> bytes:
    if line.plain:
        return await _create(line.client, model, prompt)
    try:
        return await _create(line.client, model, prompt, response_format=_format(prompt))
    except _SchemaUnknown:
        # The prompt says the form too; from now on it alone does.
        line.plain = True
        return await _create(line.client, model, prompt)


class _SchemaUnknown(Exception):
    """The server does not take a JSON schema."""


def _format(prompt: Prompt) -> dict[str, Any]:
    form = schema(prompt.intents, label_only=prompt.label_only)
    named = {"name": "respuesta", "strict": True, "schema": form}
    return {"type": "json_schema", "json_schema": named}


async def _create(client: "AsyncOpenAI", model: str, prompt: Prompt, **options: Any) -> bytes:
    import openai

    try:
        response = await client.chat.completions.with_raw_response.create(
            model=model,
            messages=[
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            **options,
        )
    except openai.APIStatusError as error:
        if options and error.status_code in (400, 422) and _names_the_format(error.message):
            raise _SchemaUnknown from error
        raise TeacherFailed(kind_of(error.status_code, error.code), error.message) from error
    except openai.APITimeoutError as error:
        raise TeacherFailed(Kind.TIMEOUT, error.message) from error
    except openai.APIConnectionError as error:
        raise TeacherFailed(Kind.CONNECTION, repr(error.__cause__ or error)) from error
    body: bytes = response.content
    return body


def _names_the_format(words: str) -> bool:
    return "response_format" in words or "json_schema" in words


def _read(body: bytes, prompt: Prompt) -> Answered:
    try:
        completion = read_completion(body)
        answer = parse(completion.text, prompt.intents, label_only=prompt.label_only)
    except Malformed as error:
        raise TeacherFailed(Kind.MALFORMED, str(error)) from error
    except Declined as error:
        raise TeacherFailed(Kind.REFUSED, str(error)) from error
    model = completion.model and completion.model[:ID_LENGTH]
    usage = completion.usage or Usage()
    return Answered(answer, model, usage.prompt_tokens, usage.completion_tokens)
