"""``aprendiz send``, ``chat`` and ``tap``: say something to the shop, and watch its events."""

import asyncio
import json
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.console import Console

from services.cli.line import Answer, explain, no_reply, open_line, read, tapped
from services.cli.options import NO_ANSWER, Json
from services.cli.terminal import complain
from services.runtime.settings import Settings, read_settings

_SHOWN = 80
"""Bytes of a body that is no event."""


def send(
    text: Annotated[str, typer.Argument(help="What the customer writes.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the reply and print it.")] = False,
    conversation: Annotated[
        str | None, typer.Option(help="Go on with this conversation; else a new one.")
    ] = None,
    patience: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for the reply.")
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Send a message as a customer with the simulated phone."""
    code = asyncio.run(
        _send(read_settings(), text, conversation, patience if wait else None, as_json)
    )
    raise typer.Exit(code)


async def _send(
    settings: Settings, text: str, conversation: str | None, patience: float | None, as_json: bool
) -> int:
    async with open_line(settings, conversation) as line:
        since = perf_counter()
        message_id = await line.say(text)
        said = {"conversation_id": line.conversation_id, "message_id": message_id}
        if patience is None:
            print(json.dumps(said) if as_json else f"sent, conversation {line.conversation_id}")
            return 0
        try:
            async with asyncio.timeout(patience):
                answer = await line.answer(since)
        except TimeoutError:
            complain(no_reply(patience))
            return NO_ANSWER
    print(
        json.dumps({**said, **_fields(answer)}, ensure_ascii=False)
        if as_json
        else answer.reply.text
    )
    return 0


def _fields(answer: Answer) -> dict[str, Any]:
    classified = answer.classified
    return {
        "reply": answer.reply.text,
        "author": answer.reply.author,
        "kind": answer.reply.kind,
        "intent": answer.reply.intent,
        "reason": classified.reason if classified else None,
        "confidence": classified.confidence if classified else None,
        "model_version": classified.model_version if classified else None,
        "delivered": answer.delivered,
        "seconds": round(answer.seconds, 4),
        "why": explain(answer),
    }


def chat(
    conversation: Annotated[
        str | None, typer.Option(help="Go on with this conversation; else a new one.")
    ] = None,
) -> None:
    """Talk to a shop that `aprendiz run` is running elsewhere on this machine or broker."""
    from services.cli.chat import converse

    asyncio.run(converse(read_settings(), Console(emoji=False), conversation))


def tap(
    keys: Annotated[
        list[str] | None, typer.Argument(help="Routing keys, * and # allowed; all when left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show events as they are published, until Ctrl-C. It takes nothing from anyone."""
    try:
        asyncio.run(_tap(read_settings(), keys or ["#"], as_json))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _tap(settings: Settings, keys: list[str], as_json: bool) -> None:
    async for body in tapped(settings, keys):
        if as_json:
            print(body.decode(errors="replace"), flush=True)
            continue
        envelope = read(body)
        if envelope is None:
            print(f"no event: {body[:_SHOWN]!r}", flush=True)
            continue
        shown = envelope.data.model_dump_json(exclude_none=True)
        print(f"{envelope.time:%H:%M:%S.%f} {envelope.type:28} {shown}", flush=True)
