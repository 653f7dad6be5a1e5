"""``aprendiz models``: the models that the database holds."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Column, Table

from services.cli.model_page import print_model
from services.cli.options import By, Json, me
from services.cli.terminal import complain, wrapping_console
from services.opening import open_database
from services.runtime.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.panel.by_hand import Promotion
    from services.storage.models import StoredModel
    from services.storage.training import Training

_VERSION = len("20261124T144424-85243291")

app = typer.Typer(
    help="Look at the trained models, and say which one serves.", no_args_is_help=True
)


@app.command("list")
def listed(as_json: Json = False) -> None:
    """The models that are kept, newest first, with their figures out of fold."""
    stored = asyncio.run(_stored(read_settings()))
    if as_json:
        from services.panel.shown import shown_model

        shown = [shown_model(each).model_dump(mode="json") for each in stored]
        print(json.dumps(shown, ensure_ascii=False))
        return
    # What `promote` must be told is never cut, however narrow the terminal.
    version = Column("version", no_wrap=True, min_width=_VERSION)
    table = Table(version, "alias", "rows", "accuracy", "ECE", "alone", "right", box=SIMPLE)
    for each in stored:
        found = each.manifest.measures
        shares = (found.accuracy, found.ece, found.coverage)
        precision = found.covered_precision
        table.add_row(
            each.manifest.version,
            ", ".join(each.aliases),
            str(each.manifest.rows),
            *(f"{share:.1%}" for share in shares),
            "-" if precision is None else f"{precision:.1%}",
        )
    wrapping_console().print(
        table if stored else "No model yet: `aprendiz run` trains the first one."
    )


Version = Annotated[
    str, typer.Argument(metavar="VERSION", help="A version, or its alias: champion, previous.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask whether it is meant.")]


@app.command()
def show(version: Version, as_json: Json = False) -> None:
    """One model whole: its figures, the weakest intents first, and what it was made with."""
    found, made = asyncio.run(_whole(read_settings(), version))
    if as_json:
        from services.panel.shown import shown_whole

        shown = shown_whole(found, made).model_dump(mode="json")
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print_model(found, made)


@app.command()
def promote(version: Version, by: By = "", yes: Yes = False) -> None:
    """Put a kept model in force; every process follows without a restart."""
    _confirm(f"Put model {version} in force?", yes)
    _tell(asyncio.run(_promote(read_settings(), version, by or me())))


@app.command()
def rollback(by: By = "", yes: Yes = False) -> None:
    """Put the model that was before in force again; a second time, it goes forward again."""
    _confirm("Go back to the model that was in force before?", yes)
    _tell(asyncio.run(_roll_back(read_settings(), by or me())))


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    try:
        typer.confirm(question, abort=True)
    except typer.Abort:
        complain("nothing was changed. Where nobody can answer, say --yes.")
        raise


def _tell(done: "Promotion") -> None:
    print(f"Model {done.version} is in force; before it was {done.before or 'none'}.")
    for training_id in done.ended:
        print(f"Training {training_id} was cancelled: it was meant to replace {done.before}.")


async def _whole(settings: Settings, version: str) -> "tuple[StoredModel, Training | None]":
    from services.storage import models, training

    async with open_database(settings) as database, database.read() as connection:
        found = await models.find(connection, version)
        return found, await training.that_made(connection, found.manifest.version)


async def _promote(settings: Settings, version: str, who: str) -> "Promotion":
    from services.panel.by_hand import promote as put_in_force
    from services.runtime.keys import read_keys

    async with open_database(settings) as database:
        return await put_in_force(database, read_keys(settings).signing, version, who)


async def _roll_back(settings: Settings, who: str) -> "Promotion":
    from services.panel.by_hand import roll_back
    from services.runtime.keys import read_keys

    async with open_database(settings) as database:
        return await roll_back(database, read_keys(settings).signing, who)


async def _stored(settings: Settings) -> "list[StoredModel]":
    from services.storage import models

    async with open_database(settings) as database, database.read() as connection:
        return await models.newest(connection)
