"""Puts a kept model in force because a person says so, verified before anything changes."""

from uuid import uuid4

from contracts.codec import encode
from contracts.envelope import originate
from contracts.events import ModelPromoted
from services.learning.artifact import ArtifactError, unseal
from services.storage import models, outbox
from services.storage.engine import Database
from services.storage.models import ModelMissing
from services.storage.outbox import NewRow


class NotPromoted(RuntimeError):
    """The model cannot be put in force; the message says why and what to do. Nothing changed."""


async def promote(database: Database, key: bytes, version: str, who: str) -> str | None:
    """Put a model in force; every process follows. Returns the version that was before.

    Raises:
        NotPromoted: it is not kept, damaged, of other libraries, or signed with another key.
    """
    async with database.read() as connection:
        try:
            manifest, file = await models.fetch(connection, version)
            unseal(manifest, file, key)
        except (ModelMissing, ArtifactError) as error:
            raise NotPromoted(str(error)) from error
    async with database.begin() as connection:
        if await models.alias(connection, models.CHAMPION) == version:
            raise NotPromoted(f"Model {version} is in force already.")
        before = await models.promote(connection, version, who)
        event = ModelPromoted(version=version, digest=manifest.digest, previous=before)
        envelope = originate(event, source="/aprendiz/models", given_id=str(uuid4()))
        await outbox.add(connection, [NewRow(envelope.id, envelope.type, encode(envelope))])
    return before


async def roll_back(database: Database, key: bytes, who: str) -> str:
    """Put the model that was before in force again; returns its version.

    Raises:
        NotPromoted: there was none before, or it cannot be used.
    """
    async with database.read() as connection:
        previous = await models.alias(connection, models.PREVIOUS)
    if previous is None:
        raise NotPromoted("No model was in force before this one: there is nothing to go back to.")
    await promote(database, key, previous, who)
    return previous
