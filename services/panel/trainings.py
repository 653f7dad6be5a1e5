"""Trainings as the API shows them; a wish for a training leaves through the outbox."""

from uuid import uuid4

from contracts.envelope import originate
from contracts.events import TrainingRequested
from contracts.topology import source_of
from services.panel.bodies import Training
from services.panel.refusals import ApiError, shown
from services.panel.shown import shown_training
from services.storage import outbox, training
from services.storage.engine import Database
from services.storage.outbox import NewRow
from services.storage.training import Request

SOURCE = source_of("panel")


async def ask(database: Database, requested_by: str) -> str:
    """Ask for a training; returns its id, under which it can be seen from now on."""
    asked = Request(str(uuid4()), requested_by)
    event = TrainingRequested(training_id=asked.training_id, requested_by=requested_by)
    envelope = originate(event, source=SOURCE, given_id=asked.training_id)
    async with database.begin() as connection:
        await training.request(connection, [asked])
        await outbox.add(connection, [NewRow.of(envelope)])
    return asked.training_id


async def get(database: Database, training_id: str) -> Training:
    """Where a training stands. Raises ApiError 404."""
    return shown_training(await _found(database, training_id))


async def cancel(database: Database, training_id: str, by: str) -> None:
    """End a training that waits or runs. Raises ApiError 404, and 409 when it has ended."""
    async with database.begin() as connection:
        if await training.cancel(connection, training_id, by):
            return
    ended = await _found(database, training_id)
    raise ApiError(
        409,
        "training_id",
        expected="a training that waits or runs",
        got=f"one that is {ended.state}",
    )


async def _found(database: Database, training_id: str) -> training.Training:
    async with database.read() as connection:
        found = await training.get(connection, training_id)
    if found is None:
        expected = "the training_id that POST /train gave"
        raise ApiError(404, "training_id", expected=expected, got=shown(training_id))
    return found
