"""``aprendiz train``: ask for a training now, and watch it."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer
from rich.progress import Progress

from contracts.envelope import originate
from contracts.events import TrainingRequested
from services.cli.line import SOURCE, connected
from services.cli.options import INTERRUPTED, NO_ANSWER, By, Json, me
from services.cli.terminal import complain
from services.opening import open_database
from services.runtime.batch import outgoing
from services.runtime.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.storage.engine import Database
    from services.storage.training import Training

LOOK_EVERY = 0.5


def train(
    wait: Annotated[bool, typer.Option(help="Watch the training to its end.")] = True,
    patience: Annotated[
        float, typer.Option("--timeout", help="Seconds to watch at the most.")
    ] = 600.0,
    cancel: Annotated[str, typer.Option(metavar="ID", help="End that training instead.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Ask the retrainer for a training, and watch it; Ctrl-C only ends the watching.

    Exit code 0: promoted or refused, 1: it failed or was cancelled, 3: it has not ended in time.
    """
    settings, who = read_settings(), by or me()
    if cancel:
        raise typer.Exit(asyncio.run(_cancel(settings, cancel, who, as_json)))
    training_id = str(uuid4())
    event = TrainingRequested(training_id=training_id, requested_by=who)
    try:
        code = asyncio.run(_train(settings, event, wait, patience, as_json))
    except KeyboardInterrupt:
        complain(f"it goes on without you; `aprendiz train --cancel {training_id}` ends it")
        code = INTERRUPTED
    raise typer.Exit(code)


async def _cancel(settings: Settings, training_id: str, who: str, as_json: bool) -> int:
    from services.storage import training

    async with open_database(settings) as database:
        async with database.begin() as connection:
            done = await training.cancel(connection, training_id, who)
        found = await _find(database, training_id)
    if as_json:
        state = None if found is None else found.state
        print(json.dumps({"training_id": training_id, "cancelled": done, "state": state}))
    elif done:
        print(f"cancelled, {training_id}: the model in force stays")
    if not done:
        complain(
            f"there is no training {training_id}"
            if found is None
            else f"it has ended already: {found.state}"
        )
    return 0 if done else 1


async def _train(
    settings: Settings, event: TrainingRequested, wait: bool, patience: float, as_json: bool
) -> int:
    training_id = event.training_id
    if not wait:
        await _ask(settings, event)
        print(json.dumps({"training_id": training_id}) if as_json else f"asked, {training_id}")
        return 0
    async with open_database(settings) as database:
        await _find(database, training_id)  # what can't be watched is not asked for
        await _ask(settings, event)
        try:
            async with asyncio.timeout(patience):
                ended = await _watch(database, training_id, quiet=as_json)
        except TimeoutError:
            why = "it has not ended: is a retrainer running?"
            if as_json:
                fields = {"training_id": training_id, "state": None, "reason": why, "version": None}
                print(json.dumps(fields))
            complain(f"training {training_id}: {why}")
            return NO_ANSWER
    return _tell(ended, as_json)


async def _ask(settings: Settings, event: TrainingRequested) -> None:
    async with connected(settings) as broker:
        await broker.publish(
            [outgoing(originate(event, source=SOURCE, given_id=event.training_id))]
        )


async def _find(database: "Database", training_id: str) -> "Training | None":
    from services.storage import training

    async with database.read() as connection:
        return await training.get(connection, training_id)


async def _watch(database: "Database", training_id: str, *, quiet: bool) -> "Training":
    from services.storage.training import ENDED

    with Progress(transient=True, disable=quiet) as bar:
        task = bar.add_task("waiting for a retrainer", total=1.0)
        while True:
            now = await _find(database, training_id)
            if now is not None and now.state in ENDED:
                return now
            if now is not None:
                details: dict[str, Any] = now.details or {}
                step = str(details.get("stage", now.state))
                bar.update(task, description=step, completed=float(details.get("progress", 0)))
            await asyncio.sleep(LOOK_EVERY)


def _tell(ended: "Training", as_json: bool) -> int:
    """Say how it ended; the exit code that this means."""
    done = ended.state in ("promoted", "refused")
    why = ended.reason or f"{ended.state}, no reason given"
    if as_json:
        fields = {"training_id": ended.training_id, "state": ended.state, "reason": ended.reason}
        print(json.dumps({**fields, "version": ended.version}, ensure_ascii=False))
    elif done:
        print(why)
        if ended.version:
            print(f"version {ended.version}")
    if not done:
        complain(why)
    return 0 if done else 1
