"""A model that somebody put in force by hand, in the history of trainings."""

from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage import samples, training
from services.storage.clock import now
from services.storage.tables import log_entrenamientos
from services.storage.training import State


async def choose(
    connection: AsyncConnection, version: str, before: str | None, by: str
) -> list[str]:
    """Note that somebody put a model in force by hand, after it is in force.

    Trainings that wait or run were meant to replace another one: they end, their ids are returned.
    """
    ended = [each.training_id for each in await training.unfinished(connection)]
    for training_id in ended:
        await training.cancel(connection, training_id, f"{by}, who put {version} in force")
    moment = await now(connection)
    row = {
        "training_id": str(uuid4()),
        "requested_by": by,
        "state": State.CHOSEN,
        "reason": f"Put in force by hand instead of {before}.",
        "last_sample_id": await samples.newest(connection),
        "version": version,
        "details": {},
        "created_at": moment,
        "finished_at": moment,
    }
    await connection.execute(insert(log_entrenamientos).values(row))
    return ended
