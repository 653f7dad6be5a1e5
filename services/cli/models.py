"""``aprendiz models``: the models that the database holds."""

import asyncio
import json
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from services.cli.options import Json
from services.opening import open_database
from services.runtime.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.storage.models import StoredModel

app = typer.Typer(help="Look at the trained models.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Look at the trained models."""


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
