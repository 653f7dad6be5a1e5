"""Trainings and models as the API shows them; a wish for a training leaves through the outbox."""

from uuid import uuid4

from contracts.codec import encode
from contracts.envelope import originate
from contracts.events import TrainingRequested
from services.panel.bodies import Model, Training
from services.panel.refusals import ApiError, shown
from services.storage import models, outbox, training
from services.storage.engine import Database
from services.storage.models import StoredModel
from services.storage.outbox import NewRow
from services.storage.training import Request

SOURCE = "/aprendiz/panel"


async def ask(database: Database, requested_by: str) -> str:
    """Ask for a training; returns its id, under which it can be seen from now on."""
    asked = Request(str(uuid4()), requested_by)
    event = TrainingRequested(training_id=asked.training_id, requested_by=requested_by)
    envelope = originate(event, source=SOURCE, given_id=asked.training_id)
    async with database.begin() as connection:
        await training.request(connection, [asked])
        await outbox.add(connection, [NewRow(envelope.id, envelope.type, encode(envelope))])
    return asked.training_id


async def get(database: Database, training_id: str) -> Training:
    """Where a training stands. Raises ApiError 404."""
    found = await _found(database, training_id)
    done = found.finished_at is not None
    return Training(
        **{name: value for name, value in found._asdict().items() if name != "last_sample_id"},
        progress=1.0 if done else found.details.get("progress", 0.0),
        stage=None if done else found.details.get("stage"),
    )


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


async def newest_models(database: Database, limit: int) -> list[Model]:
    """The models that are kept, newest first."""
    async with database.read() as connection:
        return [_model(each) for each in await models.newest(connection, limit)]


def _model(stored: StoredModel) -> Model:
    manifest = stored.manifest
    return Model(
        version=manifest.version,
        aliases=stored.aliases,
        created_at=manifest.created_at,
        samples=manifest.rows,
        intents=len(manifest.intents),
        **manifest.measures.model_dump(exclude={"rows", "per_intent"}),
    )
