"""``aprendiz doctor``: is everything that a shop needs there?"""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial

import typer
from rich.text import Text

from services.cli.options import Json
from services.cli.terminal import unwrapped_console
from services.cli.topology import MISSING, faults, reached
from services.opening import open_database
from services.runtime.keys import read_keys
from services.runtime.settings import Settings, environment, read_settings

Check = Callable[[Settings], Awaitable[str]]


def doctor(as_json: Json = False) -> None:
    """Look at settings, broker, database, tables and model, and say what to do about each."""
    settings = read_settings()
    settings.make_home()
    found = asyncio.run(_examine(settings))
    if as_json:
        print(json.dumps({name: {"ok": ok, "says": words} for name, (ok, words) in found.items()}))
    else:
        console = unwrapped_console()
        for name, (ok, words) in found.items():
            console.print(Text("ok" if ok else "no", "green" if ok else "red"), f"{name}: {words}")
    raise typer.Exit(0 if all(ok for ok, _ in found.values()) else 1)


async def _examine(settings: Settings) -> dict[str, tuple[bool, str]]:
    return {name: await _ask(check, settings) for name, check in CHECKS.items()}


async def _ask(check: Check, settings: Settings) -> tuple[bool, str]:
    try:
        return True, await check(settings)
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what the doctor tells
        return False, str(error) or repr(error)


async def _secret(settings: Settings) -> str:
    read_keys(settings)
    return "there"


async def _broker(settings: Settings) -> str:
    async with reached(settings) as broker:
        found = await faults(broker, settings)
    kind = "RabbitMQ" if settings.amqp_url else f"embedded, {settings.broker_file}"
    if not found:
        return f"{kind}, all queues in place"
    if not settings.amqp_url and set(found.values()) == {MISSING}:
        return f"{kind}; `aprendiz run` makes the queues when it starts"
    listed = "; ".join(f"{name}: {words}" for name, words in found.items())
    raise LookupError(
        f"{kind}; {listed}. `aprendiz topology apply` adds what is missing; empty and delete what "
        "differs before"
    )


async def _tables(settings: Settings) -> str:
    from services.storage import migrate

    await migrate.require_current(settings.database)
    return "up to date"


async def _settings(settings: Settings) -> str:
    """Those in force while processes run, of which each leaves a wrong one at its default."""
    from services.in_force import settings_in_force

    async with open_database(settings) as database, database.read() as connection:
        found = await settings_in_force(connection, partial(read_keys, settings), environment())
    if found.problems:
        raise ValueError(f"{'; '.join(found.problems)}. What is wrong is left at its default")
    return "understood"


async def _meanings(_settings: Settings) -> str:
    from services.learning.meanings.glossary import LANGUAGES
    from services.learning.spelling import dictionary

    for language in LANGUAGES:
        dictionary(language)  # which reads the language's meanings too
    return ", ".join(LANGUAGES)


async def _folder(settings: Settings) -> str:
    folder = settings.models_dir.absolute()
    try:
        # Only looked at: whoever trains makes it.
        there = next(each for each in (folder, *folder.parents) if each.exists())
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise OSError(
            f"{folder} cannot be written to: {error.strerror}: no training can leave its model "
            "there. Check the folder, or set APRENDIZ_MODELS_DIR"
        ) from error
    return str(folder)


async def _model(settings: Settings) -> str:
    from services.storage import models

    async with open_database(settings) as database, database.read() as connection:
        version = await models.alias(connection, models.CHAMPION)
    if version is None:
        raise LookupError("none yet: start `aprendiz run`, which trains the first one")
    return version


CHECKS: dict[str, Check] = {
    "secret key": _secret,
    "broker": _broker,
    "tables": _tables,
    "settings": _settings,
    "word meanings": _meanings,
    "models folder": _folder,
    "model": _model,
}
