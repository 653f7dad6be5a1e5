"""A prompt to talk to the shop, which shows under each reply who answered, why and how fast."""

import asyncio
from time import perf_counter

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.text import Text

from services.cli.line import Line, Unsayable, explain, open_line
from services.runtime.settings import Settings

PATIENCE = 60.0
HINT = "Write as a customer would. /nuevo begins a new conversation, /salir or Ctrl-D leaves."
SILENCE = (
    "(no reply: a person of the shop has been asked for or has written, so the bot keeps quiet "
    "in this conversation; /nuevo begins another one)"
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
    try:
        async with asyncio.timeout(PATIENCE if not line.handed_over else 2.0):
            answer = await line.answer(since)
    except TimeoutError:
        console.print(SILENCE, style="dim")
        return
    console.print(Text(answer.reply.text, style="bold"))
    console.print(Text(f"   {explain(answer)}", style="dim"))
