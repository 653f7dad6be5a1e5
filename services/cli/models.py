"""``aprendiz models``: the models that the database holds."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.cli.options import Json
from services.opening import open_database
from services.runtime.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.storage.models import StoredModel

WHO = "cli"

app = typer.Typer(
    help="Look at the trained models, and say which one serves.", no_args_is_help=True
)


@app.callback()
def group() -> None:
    """Look at the trained models, and say which one serves."""


@app.command("list")
def listed(as_json: Json = False) -> None:
    """The models that are kept, newest first, with their figures out of fold."""
    stored = asyncio.run(_stored(read_settings()))
    if as_json:
        print(json.dumps([_fields(each) for each in stored], ensure_ascii=False))
        return
    table = Table(
        "version", "alias", "rows", "accuracy", "macro-F1", "ECE", "coverage", "precision"
    )
    for each in stored:
        found = each.manifest.measures
        shares = (found.accuracy, found.macro_f1, found.ece, found.coverage)
        precision = found.covered_precision
        table.add_row(
            each.manifest.version,
            ", ".join(each.aliases),
            str(each.manifest.rows),
            *(f"{share:.1%}" for share in shares),
            "-" if precision is None else f"{precision:.1%}",
        )
    Console().print(table if stored else "No model yet: `aprendiz run` trains the first one.")


Version = Annotated[
    str, typer.Argument(metavar="VERSION", help="A version, or its alias: champion, previous.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask whether it is meant.")]


@app.command()
def show(version: Version, as_json: Json = False) -> None:
    """One model whole: its figures, the weakest intents first, and what it was made with."""
    found = next(
        (
            each
            for each in asyncio.run(_stored(read_settings()))
            if version in (each.manifest.version, *each.aliases)
        ),
        None,
    )
    if found is None:
        print(f"There is no model {version}: `aprendiz models list` shows which there are.")
        raise typer.Exit(1)
    if as_json:
        shown = found.manifest.model_dump(mode="json") | {"aliases": found.aliases}
        print(json.dumps(shown, ensure_ascii=False))
    else:
        _show(found)


@app.command()
def promote(version: Version, yes: Yes = False) -> None:
    """Put a kept model in force; every process follows without a restart."""
    _confirm(f"Put model {version} in force?", yes)
    before = asyncio.run(_promote(read_settings(), version))
    print(f"Model {version} is in force; before it was {before or 'none'}.")


@app.command()
def rollback(yes: Yes = False) -> None:
    """Put the model that was before in force again."""
    _confirm("Go back to the model that was in force before?", yes)
    print(f"Model {asyncio.run(_roll_back(read_settings()))} is in force again.")


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _show(stored: "StoredModel") -> None:
    manifest, found = stored.manifest, stored.manifest.measures
    console = Console(soft_wrap=True, markup=False, highlight=False)
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    for name, value in (
        ("version", " ".join((manifest.version, *stored.aliases))),
        ("made", f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC, {libraries}"),
        ("rows", f"{manifest.rows:,} of {len(manifest.intents)} intents"),
        ("out of fold", f"accuracy {found.accuracy:.1%}, ECE {found.ece:.1%}"),
    ):
        console.print(f"{name:<14}{value}")
    table = Table("intent", "rows", "precision", "recall", "F1")
    for name, each in sorted(found.per_intent.items(), key=lambda intent: intent[1].f1):
        shares = (f"{share:.1%}" for share in (each.precision, each.recall, each.f1))
        table.add_row(name, str(each.rows), *shares)
    console.print(table)


async def _promote(settings: Settings, version: str) -> str | None:
    from services.retrainer.by_hand import promote as put_in_force
    from services.runtime.keys import read_keys

    async with open_database(settings) as database:
        return await put_in_force(database, read_keys(settings).signing, version, WHO)


async def _roll_back(settings: Settings) -> str:
    from services.retrainer.by_hand import roll_back
    from services.runtime.keys import read_keys

    async with open_database(settings) as database:
        return await roll_back(database, read_keys(settings).signing, WHO)


async def _stored(settings: Settings) -> "list[StoredModel]":
    from services.storage import models

    async with open_database(settings) as database, database.read() as connection:
        return await models.newest(connection)


def _fields(stored: "StoredModel") -> dict[str, object]:
    manifest = stored.manifest
    return {
        "version": manifest.version,
        "aliases": stored.aliases,
        "rows": manifest.rows,
        **manifest.measures.model_dump(exclude={"per_intent", "rows"}),
    }
