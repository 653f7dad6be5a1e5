"""``aprendiz failures``: what was buried, and what to do with it."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from services.cli.line import connected
from services.cli.options import By, Json, me
from services.cli.terminal import complain, wrapping_console
from services.opening import open_database
from services.runtime.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.failures.retrying import Retried
    from services.storage.failures import Failure

app = typer.Typer(help="Look at buried messages, retry or drop them.", no_args_is_help=True)

MOST = 2**63 - 1
Ids = Annotated[
    list[int], typer.Argument(help="Numbers that `failures list` shows.", min=1, max=MOST)
]


@app.command("list")
def listed(
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """The buried messages, newest first."""
    found = asyncio.run(_listed(read_settings(), limit))
    if as_json:
        print(json.dumps([_fields(each) for each in found], ensure_ascii=False))
        return
    table = Table("id", "buried at", "type", "queue", "attempts", "reason", "error")
    for each in found:
        at = f"{each.buried_at:%Y-%m-%d %H:%M:%S}"
        row = (str(each.id), at, each.event_type or "?", each.source_queue, str(each.attempts))
        # As text: what strangers wrote may look like markup.
        table.add_row(*map(Text, (*row, each.reason, (each.error or "")[:80])))
    wrapping_console().print(table if found else "Nothing is buried.")


@app.command()
def show(failure_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=MOST)]) -> None:
    """One failure whole, as JSON, its message included."""
    found = asyncio.run(_get(read_settings(), failure_id))
    if found is None:
        complain(f"there is no failure {failure_id}: see `aprendiz failures list`")
        raise typer.Exit(1)
    body = found.body.decode("utf-8", errors="replace")
    print(json.dumps({**_fields(found), "body": body}, ensure_ascii=False, indent=2))


@app.command("retry")
def retried(ids: Ids, by: By = "") -> None:
    """Send messages back to the queue they failed in, as if for the first time."""
    result = asyncio.run(_retry(read_settings(), ids, by or me()))
    print(f"retried: {len(result.ids)}")
    for failure_id, why in result.refused.items():
        complain(f"not retried: {failure_id}: {why}")
    raise typer.Exit(1 if result.refused else 0)


@app.command()
def drop(ids: Ids, by: By = "") -> None:
    """Give messages up. They stay in the table, marked as dropped."""
    dropped = asyncio.run(_drop(read_settings(), ids, by or me()))
    print(f"dropped: {len(dropped)}")
    others = sorted(set(ids) - set(dropped))
    for failure_id in others:
        complain(f"not dropped: {failure_id}: it is not buried (any more)")
    raise typer.Exit(1 if others else 0)


async def _listed(settings: Settings, limit: int) -> "list[Failure]":
    from services.storage import failures

    async with open_database(settings) as database, database.read() as connection:
        return list(await failures.listed(connection, limit=limit))


async def _get(settings: Settings, failure_id: int) -> "Failure | None":
    from services.storage import failures

    async with open_database(settings) as database, database.read() as connection:
        return await failures.get(connection, failure_id)


async def _retry(settings: Settings, ids: list[int], who: str) -> "Retried":
    from services.failures.retrying import retry

    async with open_database(settings) as database, connected(settings) as broker:
        return await retry(database, broker, ids, who)


async def _drop(settings: Settings, ids: list[int], who: str) -> list[int]:
    from services.storage import failures

    async with open_database(settings) as database, database.begin() as connection:
        return await failures.drop(connection, ids, who)


def _fields(failure: "Failure") -> dict[str, Any]:
    fields = failure._asdict()
    del fields["body"]
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in fields.items()
    }
