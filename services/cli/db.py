"""``aprendiz db``: the database's tables."""

import asyncio
import json

import typer
from rich import print as show

from services.cli.options import Json
from services.opening import open_database
from services.runtime.settings import Settings, read_settings

app = typer.Typer(help="Check and upgrade the database's tables.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Make or upgrade the tables, and fill an empty catalogue. Safe to run at any time."""
    asyncio.run(_upgrade(read_settings()))


@app.command()
def check(as_json: Json = False) -> None:
    """Say whether the tables are this release's; exit code 1 when they are not."""
    from services.storage import migrate

    settings = read_settings()
    settings.make_home()
    state = asyncio.run(migrate.check(settings.database))
    print(json.dumps({"schema": state.value})) if as_json else show(f"schema: {state.value}")
    raise typer.Exit(0 if state is migrate.SchemaState.CURRENT else 1)


async def _upgrade(settings: Settings) -> None:
    from services.seeding import seed_catalogue, seed_demo_shop
    from services.storage import migrate

    settings.make_home()
    await migrate.upgrade(settings.database)
    show("The tables are up to date.")
    async with open_database(settings) as database:
        if await seed_catalogue(database):
            show("The catalogue of intents and its examples are in the database now.")
        # Only the embedded database is surely nobody's shop yet.
        if settings.database_url is None and await seed_demo_shop(database):
            show("A demonstration shop is open: products, orders, opening hours.")
