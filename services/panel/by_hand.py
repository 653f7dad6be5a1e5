"""Puts a kept model in force because a person says so, verified before anything changes."""

import asyncio
from typing import NamedTuple
from uuid import uuid4

from contracts.envelope import originate
from contracts.events import ModelPromoted
from contracts.manifest import Manifest
from contracts.topology import source_of
from services.learning.artifact import ArtifactError, unseal, unseal_kept
from services.storage import choices, models, outbox
from services.storage.engine import Database
from services.storage.models import AnotherInForce, ModelGone, ModelMissing
from services.storage.outbox import NewRow


class NotPromoted(RuntimeError):
    """The model cannot be put in force; the message says why and what to do. Nothing changed."""


class UnknownModel(NotPromoted):
    """Nobody here knows a model of that version."""


class Promotion(NamedTuple):
    """A model that was put in force, the one before it, and the trainings that ended with that."""

    version: str
    before: str | None
    ended: tuple[str, ...]


async def promote(database: Database, key: bytes, version: str, who: str) -> Promotion:
    """Put a model in force, by its version or as ``previous``; every process follows.

    ``key`` is the signing key.

    Raises:
        NotPromoted: it is not kept, damaged, of other libraries, or signed with another key.
    """
    try:
        async with database.read() as connection:
            before = await models.alias(connection, models.CHAMPION)
            found = await models.find(connection, version)
        if found.manifest.version == before:
            raise NotPromoted(f"Model {before} is in force already.")
        await _verify(database, key, found.manifest.version)
        return await _change(database, found.manifest, before, who)
    except (ModelGone, ArtifactError, AnotherInForce) as error:
        raise NotPromoted(str(error)) from error
    except ModelMissing as error:
        raise UnknownModel(str(error)) from error


async def roll_back(database: Database, key: bytes, who: str) -> Promotion:
    """Put the model that was before in force again; the present one is ``previous`` then.

    Raises:
        NotPromoted: there was none before, or it cannot be used.
    """
    async with database.read() as connection:
        previous = await models.alias(connection, models.PREVIOUS)
    if previous is None:
        raise NotPromoted(
            "No model was in force before this one: there is nothing to go back to. `aprendiz "
            "models list` shows which are kept, `aprendiz models promote` puts one in force."
        )
    return await promote(database, key, previous, who)


async def _verify(database: Database, key: bytes, version: str) -> None:
    async with database.read() as connection:
        manifest, file = await models.fetch(connection, version)
    # Without the words of its folds the retrainer would replace it at once.
    for check in (unseal, unseal_kept):
        await asyncio.to_thread(check, manifest, file, key)


async def _change(
    database: Database, manifest: Manifest, before: str | None, who: str
) -> Promotion:
    version = manifest.version
    async with database.begin() as connection:
        await models.promote(connection, version, who, instead_of=before)
        ended = await choices.choose(connection, version, before, who)
        event = ModelPromoted(version=version, digest=manifest.digest, previous=before)
        envelope = originate(event, source=source_of("panel"), given_id=str(uuid4()))
        await outbox.add(connection, [NewRow.of(envelope)])
    return Promotion(version, before, tuple(ended))
