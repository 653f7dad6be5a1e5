"""``aprendiz run``: all services in one process, or one of them."""

import asyncio
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console
from rich.status import Status
from rich.text import Text

from contracts.topology import SERVICES, service
from services.runtime.settings import Settings, SettingsError, read_settings
from services.runtime.waiting import pause, until_stop

if TYPE_CHECKING:
    from services.runtime.process import Process

ALL = "all"
NAMES = tuple(row.name for row in SERVICES)
ALL_PORT = 9100
"""Health and metrics of a process that runs everything."""
LOG = "aprendiz.log"
LOOK_EVERY = 0.1
"""Seconds between two looks whether everything is ready."""


def run(
    name: Annotated[
        str, typer.Argument(metavar="[all|SERVICE]", help=f"all, or one of: {', '.join(NAMES)}")
    ] = ALL,
    chat: Annotated[
        bool, typer.Option(help="Talk to the shop on this terminal (only with all).")
    ] = True,
) -> None:
    """Run the services until SIGTERM or Ctrl-C."""
    if name not in (ALL, *NAMES):
        raise typer.BadParameter(f"no service {name!r}; there are: all, {', '.join(NAMES)}")
    from services.runtime import logs

    settings = read_settings()
    talking = chat and name == ALL and sys.stdin.isatty()
    settings.make_home()
    with _log_file(settings) if talking else nullcontext(sys.stderr) as stream:
        logs.configure(settings, stream)
        asyncio.run(_run(settings, name, talking))


def _log_file(settings: Settings) -> TextIO:
    """Where the log goes while a person talks on the terminal."""
    path = settings.home / LOG
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"the log {path} cannot be written: {error.strerror}: check the owner and mode of file "
            "and folder, set APRENDIZ_HOME, or say --no-chat"
        ) from error


async def _run(settings: Settings, name: str, talking: bool) -> None:
    from services.runtime.http import open_socket
    from services.runtime.process import stop_on_signals
    from services.wiring import open_process

    stop = stop_on_signals()
    await until_stop(stop, _database_answers(settings))
    if stop.is_set():
        return
    names = NAMES if name == ALL else (name,)
    async with open_process(settings, names) as process:
        port = settings.metrics_port
        if port is None:
            port = ALL_PORT if name == ALL else service(name).port
        health = open_socket(settings.metrics_host, port, "APRENDIZ_METRICS_PORT")
        if not talking:
            await process.run(stop, health)
            return
        running = asyncio.create_task(process.run(stop, health))
        await _talk(settings, process, running, stop)


async def _database_answers(settings: Settings) -> None:
    """Wait for a database that is away, as a process that runs already does.

    Raises:
        NotLetIn: it answers, but not us: that is for a person to mend.
    """
    import stamina

    from services.opening import open_database
    from services.storage.errors import DatabaseAway, NotLetIn

    def is_away(error: Exception) -> bool:
        return isinstance(error, DatabaseAway) and not isinstance(error, NotLetIn)

    async with open_database(settings) as database:
        async for attempt in stamina.retry_context(
            on=is_away, attempts=None, timeout=None, wait_initial=0.5, wait_max=10
        ):
            with attempt:
                await database.ping()


async def _talk(
    settings: Settings, process: "Process", running: "asyncio.Task[None]", stop: asyncio.Event
) -> None:
    """Hold the prompt beside the running process; leaving the prompt stops the process."""
    from services.cli.chat import converse

    console = Console(emoji=False)
    log = settings.home / LOG
    console.print(f"Aprendiz runs. HTTP API: {process.url}/docs   Log: {log}", markup=False)
    with console.status("A moment.") as status:
        await _until_ready(process, running, stop, status)
    if not running.done() and not stop.is_set():
        talking = asyncio.create_task(converse(settings, console))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({talking, running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        talking.cancel()
        stopping.cancel()
        await asyncio.gather(talking, stopping, return_exceptions=True)
    stop.set()
    await running


async def _until_ready(
    process: "Process", running: "asyncio.Task[None]", stop: asyncio.Event, status: Status
) -> None:
    """Show what is waited for; the first that is away keeps the others waiting too."""
    while not (running.done() or stop.is_set()) and (away := await process.away()):
        name, why = next(iter(away.items()))
        status.update(Text(f"A moment. {name}: {why}"))
        await pause(stop, LOOK_EVERY)
