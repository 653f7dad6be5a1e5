"""Models as the API shows them, and the command where it prints JSON."""

from typing import Any

from services.panel.model_bodies import IntentFigures, Model, ModelWhole
from services.panel.trainings import shown_training
from services.storage import models, training
from services.storage.engine import Database
from services.storage.models import StoredModel
from services.storage.training import Training


def shown_model(stored: StoredModel) -> Model:
    """A model as the API lists it."""
    return Model(**_figures(stored))


async def get(database: Database, version: str) -> ModelWhole:
    """A model with all that is known of it. Raises ModelMissing."""
    async with database.read() as connection:
        found = await models.find(connection, version)
        made = await training.that_made(connection, found.manifest.version)
    return shown_whole(found, made)


def shown_whole(stored: StoredModel, made: Training | None) -> ModelWhole:
    """A model as the API shows it whole, with the training that it came into force by."""
    manifest = stored.manifest
    return ModelWhole(
        **_figures(stored),
        digest=manifest.digest,
        size=manifest.size,
        libraries=manifest.libraries,
        worst_first=tuple(
            IntentFigures(intent=name, **each.model_dump())
            for name, each in manifest.measures.worst_first()
        ),
        training=made and shown_training(made),
    )


def _figures(stored: StoredModel) -> dict[str, Any]:
    manifest = stored.manifest
    return {
        "version": manifest.version,
        "aliases": stored.aliases,
        "created_at": manifest.created_at,
        "samples": manifest.rows,
        "intents": len(manifest.intents),
        **manifest.measures.model_dump(exclude={"rows", "per_intent"}),
    }
