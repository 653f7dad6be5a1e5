"""The history of trainings: what was asked for, and what became of it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage import catalogue, samples
from services.storage.clock import now
from services.storage.tables import log_entrenamientos
from services.storage.upsert import insert_ignore

AUTOMATIC = "automatic"
"""Who asks for the trainings that nobody asks for."""

_log = log_entrenamientos.c


class State(StrEnum):
    """Where a training stands."""

    REQUESTED = "requested"
    RUNNING = "running"
    PROMOTED = "promoted"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CHOSEN = "chosen"
    """No training at all: somebody put a model in force by hand."""


UNFINISHED = (State.REQUESTED, State.RUNNING)
ENDED = (State.PROMOTED, State.REFUSED, State.FAILED, State.CANCELLED)


class TrainingEnded(Exception):
    """Somebody has ended the training meanwhile: whoever ran it stops, and writes nothing of it."""


class Request(NamedTuple):
    """The wish for a training."""

    training_id: str
    requested_by: str


class Training(NamedTuple):
    """A row of the history. `samples` is how many it learned from, `last_sample_id` the newest."""

    training_id: str
    requested_by: str | None
    state: str
    reason: str | None
    samples: int | None
    last_sample_id: int | None
    version: str | None
    details: dict[str, Any]
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


async def request(connection: AsyncConnection, requests: Iterable[Request]) -> None:
    """Note requested trainings; one that is known changes nothing, whatever became of it."""
    moment = await now(connection)
    rows = [
        {**each._asdict(), "state": State.REQUESTED, "created_at": moment, "details": {}}
        for each in requests
    ]
    await insert_ignore(connection, log_entrenamientos, rows)


async def begin(
    connection: AsyncConnection, asked: Request, last_sample_id: int, details: dict[str, Any]
) -> None:
    """Note that a training runs, requested or not; as all that follow, raises TrainingEnded."""
    await request(connection, [asked])
    row = {
        "state": State.RUNNING,
        "last_sample_id": last_sample_id,
        "details": details,
        "started_at": await now(connection),
    }
    await _write(connection, asked.training_id, row)


async def note(connection: AsyncConnection, training_id: str, details: dict[str, Any]) -> None:
    """Replace the details of a training that runs: how far it is."""
    await _write(connection, training_id, {"details": details})


async def give_back(connection: AsyncConnection, training_id: str, details: dict[str, Any]) -> None:
    """Let somebody else run a training that was begun here."""
    await _write(connection, training_id, {"state": State.REQUESTED, "details": details})


async def finish(
    connection: AsyncConnection,
    training_id: str,
    state: State,
    reason: str,
    details: dict[str, Any],
    *,
    samples: int | None = None,
    version: str | None = None,
) -> None:
    """Note how a training ended, and why."""
    row = {
        "state": state,
        "reason": reason,
        "details": details,
        "samples": samples,
        "version": version,
        "finished_at": await now(connection),
    }
    await _write(connection, training_id, row)


async def cancel(connection: AsyncConnection, training_id: str, by: str) -> bool:
    """End a training that waits or runs; False when there is none, or it has ended.

    Who runs it is not told: it finds the row ended, and everything it would write is refused.
    """
    row = {
        "state": State.CANCELLED,
        "reason": f"Cancelled by {by}.",
        "finished_at": await now(connection),
    }
    return await _changed(connection, training_id, row)


async def that_made(connection: AsyncConnection, version: str) -> Training | None:
    """The training that a model came into force by; None when it was none of ours."""
    found = await _trainings(connection, and_(_log.version == version, _promoted))
    return found[-1] if found else None


async def get(connection: AsyncConnection, training_id: str) -> Training | None:
    """A training by its id."""
    query = select(log_entrenamientos).where(_log.training_id == training_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _training(row)


async def unfinished(connection: AsyncConnection) -> list[Training]:
    """Trainings that wait or run, the oldest first."""
    return await _trainings(connection, _log.state.in_(UNFINISHED))


async def learned_up_to(connection: AsyncConnection, version: str) -> int:
    """The newest sample that a promoted model learned from; 0 when its training is not known."""
    return await _newest(connection, and_(_log.version == version, _promoted))


async def seen_up_to(connection: AsyncConnection) -> int:
    """The newest sample that no training has to be started for any more.

    It was there when a training last ended, however it did, or when a model was last put in force
    by hand. So what led to a model that a person rolled back does not bring it back.
    """
    return await _newest(connection, _log.finished_at.is_not(None))


async def texts_since_last(connection: AsyncConnection) -> list[str]:
    """Texts that can be learned from and that no training has seen; enough of them start one."""
    intents = [each.name for each in await catalogue.read(connection)]
    return await samples.new_texts(connection, intents, await seen_up_to(connection))


async def intents_seen(connection: AsyncConnection) -> str | None:
    """The mark of the intents that the last ended training saw; None when none noted any.

    The last one learned from the newest sample, under the newest lease: clocks may be set back.
    """
    ended = _log.state.in_(ENDED)
    newest = _log.last_sample_id.desc(), _log.finished_at.desc()
    query = select(_log.last_sample_id, _log.details).where(ended).order_by(*newest).limit(20)
    found = [(up_to, details or {}) for up_to, details in await connection.execute(query)]
    found.sort(key=lambda row: (row[0] or 0, row[1].get("lease", 0)), reverse=True)
    return next((mark for _, details in found if (mark := details.get("intents"))), None)


async def seconds_since_failure(connection: AsyncConnection) -> float | None:
    """How long ago a training failed or was cancelled last; None when none ever was."""
    broken = _log.state.in_((State.FAILED, State.CANCELLED))
    failed = select(func.max(_log.finished_at)).where(broken)
    last = await connection.scalar(failed)
    return None if last is None else (await now(connection) - last).total_seconds()


_promoted = _log.state == State.PROMOTED


async def _write(connection: AsyncConnection, training_id: str, values: dict[str, Any]) -> None:
    if not await _changed(connection, training_id, values):
        raise TrainingEnded(f"Training {training_id} has ended already: it was cancelled")


async def _changed(connection: AsyncConnection, training_id: str, values: dict[str, Any]) -> bool:
    """Change a training that has not ended; False when it has, or there is none."""
    row = and_(_log.training_id == training_id, _log.state.in_(UNFINISHED))
    done = await connection.execute(update(log_entrenamientos).where(row).values(values))
    return done.rowcount > 0


async def _newest(connection: AsyncConnection, of: ColumnElement[bool]) -> int:
    query = select(func.max(_log.last_sample_id)).where(of)
    return int(await connection.scalar(query) or 0)


async def _trainings(connection: AsyncConnection, of: ColumnElement[bool]) -> list[Training]:
    query = select(log_entrenamientos).where(of).order_by(_log.created_at, _log.training_id)
    return [_training(row) for row in await connection.execute(query)]


def _training(row: Row[Any]) -> Training:
    fields = {name: row._mapping[name] for name in Training._fields}
    return Training(**{**fields, "details": fields["details"] or {}})
