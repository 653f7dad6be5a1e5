"""A prompt to talk to the shop, which shows under each reply who answered, why and how fast."""

import asyncio
from time import perf_counter

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.text import Text

from services.cli.line import Line, Unsayable, explain, no_reply, open_line
from services.runtime.settings import Settings

PATIENCE = 60.0
"""Seconds to wait for a reply."""
MUTE_PATIENCE = 2.0
"""Seconds to wait where a person was asked for: no reply is likely."""
HINT = "Write as a customer would. /nuevo begins a new conversation, /salir or Ctrl-D leaves."
HANDED_OVER = (
    "no reply: a person of the shop has been asked for, so the bot keeps quiet in this conversation"
)


async def converse(
    settings: Settings, console: Console, conversation_id: str | None = None
) -> None:
    """Talk until the person leaves."""
    console.print(HINT, style="dim")
    session: PromptSession[str] = PromptSession()
    while True:
        async with open_line(settings, conversation_id) as line:
            again = await _conversation(session, line, console)
        if not again:
            return
        conversation_id = None
        console.print("(a new conversation)", style="dim")


async def _conversation(session: PromptSession[str], line: Line, console: Console) -> bool:
    """One conversation; True when the person wants another one."""
    while True:
        try:
            with patch_stdout():
                text = (await session.prompt_async("tú> ")).strip()
        except (EOFError, KeyboardInterrupt):
            return False
        if text in ("/salir", "/nuevo"):
            return text == "/nuevo"
        if text:
            try:
                await _exchange(line, text, console)
            except Unsayable as error:
                console.print(str(error), style="red", markup=False)


async def _exchange(line: Line, text: str, console: Console) -> None:
    since = perf_counter()
    await line.say(text)
    patience = MUTE_PATIENCE if line.handed_over else PATIENCE
    try:
        async with asyncio.timeout(patience):
            answer = await line.answer(since)
    except TimeoutError:
        why = HANDED_OVER if line.handed_over else no_reply(patience)
        console.print(f"({why}; /nuevo begins another one)", style="dim")
        return
    console.print(Text(answer.reply.text, style="bold"))
    console.print(Text(f"   {explain(answer)}", style="dim"))
