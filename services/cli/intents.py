"""``aprendiz intents``: the catalogue, and what the teacher proposes to add to it."""

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from services.cli.options import By, Json, me
from services.cli.terminal import wrapping_console
from services.opening import open_database
from services.runtime.settings import Settings, environment, read_settings

if TYPE_CHECKING:
    from services.panel.intent_bodies import Intent, Proposal
    from services.storage.catalogue import StoredIntent

app = typer.Typer(help="Look at the intents, rename them, take in new ones.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An intent's name.")]


@app.command("list")
def listed(as_json: Json = False) -> None:
    """All intents: what answers them, and how many texts they are learned from."""
    found = asyncio.run(_listed(read_settings()))
    if as_json:
        print(json.dumps([each.model_dump() for each in found], ensure_ascii=False))
        return
    table = Table("intent", "active", "action", "texts", "what the customer wants")
    for each in found:
        active = "yes" if each.active else "no"
        row = (each.name, active, each.action or "teacher", str(each.texts), each.description)
        table.add_row(*map(Text, row))
    wrapping_console().print(
        table if found else "No intents yet: `aprendiz db upgrade` brings some."
    )


@app.command()
def show(name: Name) -> None:
    """One intent whole, as JSON."""
    from services.storage.catalogue import UnknownIntent

    found = [each for each in asyncio.run(_listed(read_settings())) if each.name == name]
    if not found:
        raise UnknownIntent(f"The catalogue has no intent {name!r}")
    print(json.dumps(found[0].model_dump(), ensure_ascii=False, indent=2))


@app.command()
def rename(name: Name, new: Annotated[str, typer.Argument(metavar="NEW")], by: By = "") -> None:
    """Give an intent another name; samples, evidence and settings follow."""
    asyncio.run(_rename(read_settings(), name, new, by or me()))
    print(f"{name} is {new} now; the next training learns it, and until then the teacher is asked.")


@app.command()
def activate(name: Name, by: By = "") -> None:
    """Switch an intent on; what is known of it is learned again."""
    asyncio.run(_edit(read_settings(), name, {"active": True}, by or me()))
    print(f"{name} is active; the next training learns it.")


@app.command()
def deactivate(name: Name, by: By = "") -> None:
    """Switch an intent off; from now on it goes to the teacher. Its samples stay."""
    asyncio.run(_edit(read_settings(), name, {"active": False}, by or me()))
    print(f"{name} is switched off; the next training forgets it.")


@app.command()
def proposed(
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """New intents that the teacher proposes, the most wanted first."""
    found = asyncio.run(_proposed(read_settings(), limit))
    if as_json:
        print(json.dumps([each.model_dump() for each in found], ensure_ascii=False))
        return
    table = Table("proposed", "samples", "for example")
    for each in found:
        table.add_row(*map(Text, (each.name, str(each.samples), "\n".join(each.examples))))
    wrapping_console().print(table if found else "The teacher proposes nothing new.")


@app.command()
def accept(
    name: Name,
    description: Annotated[str, typer.Option(help="What the customer wants, in a sentence.")],
    reply: Annotated[
        str, typer.Option(help="What is answered; without it a person is called.")
    ] = "",
    by: By = "",
) -> None:
    """Add an intent; samples for which the teacher proposed it are learned as it."""
    wanted = {"name": name, "description": description, "reply": reply or None}
    stored, labelled = asyncio.run(_accept(read_settings(), wanted, by or me()))
    what = "says its reply" if stored.action == "reply" else "calls a person"
    learned = labelled or "0 (the teacher has proposed none that can be learned from)"
    print(f"{stored.name} is in the catalogue and {what}; samples learned as it: {learned}")


async def _listed(settings: Settings) -> "list[Intent]":
    from services.panel.intents import listed as all_of_them

    async with open_database(settings) as database:
        return await all_of_them(database)


async def _proposed(settings: Settings, limit: int) -> "list[Proposal]":
    from services.panel.intents import proposals

    async with open_database(settings) as database:
        return await proposals(database, limit)


async def _rename(settings: Settings, name: str, new: str, who: str) -> None:
    from services.storage import intents

    async with open_database(settings) as database, database.begin() as connection:
        await intents.rename(connection, name, new, who)


async def _edit(settings: Settings, name: str, changes: dict[str, Any], who: str) -> None:
    from services.storage import catalogue

    async with open_database(settings) as database, database.begin() as connection:
        await catalogue.edit(connection, name, changes, who)


async def _accept(
    settings: Settings, wanted: dict[str, Any], who: str
) -> "tuple[StoredIntent, int]":
    from services.in_force import settings_in_force
    from services.panel.intents import made
    from services.runtime.keys import read_keys
    from services.storage import intents

    async with open_database(settings) as database, database.begin() as connection:
        found = await settings_in_force(connection, partial(read_keys, settings), environment())
        intent = made(**wanted, holding=found.settings.respuesta_espera)
        return await intents.add(connection, intent, who)
