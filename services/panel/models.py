"""Models by HTTP: their figures, and which one is in force."""

from collections.abc import Awaitable
from typing import Any

from fastapi import FastAPI

from services.panel import by_hand
from services.panel.bodies import Requester
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.model_bodies import IntentFigures, Model, Models, ModelWhole, Promoted
from services.panel.refusals import ApiError, shown
from services.panel.trainings import shown_training
from services.storage import models, training
from services.storage.engine import Database
from services.storage.models import ModelMissing, StoredModel
from services.storage.training import Training

_KNOWN = "a version that GET /models lists, champion or previous"


def add_models(app: FastAPI, deps: Dependencies) -> None:
    """Serve what is asked of models."""

    @app.get("/models", summary="The models that are kept", responses=refusals(503))
    async def listed(limit: Limit = 100) -> Models:
        async with deps.database.read() as connection:
            found = await models.newest(connection, limit)
        return Models(models=tuple(map(shown_model, found)))

    @app.get("/models/{version}", summary="One model whole", responses=refusals(404, 503))
    async def whole(version: str) -> ModelWhole:
        return await get(deps.database, version)

    @app.post(
        "/models/{version}/promote",
        summary="Put a kept model in force; the body may be left out",
        responses=refusals(*BODY, 404, 409, 503),
    )
    async def promote(version: str, body: Requester | None = None) -> Promoted:
        who = (body or Requester()).requested_by
        done = by_hand.promote(deps.database, deps.key, version, who)
        return await _changed(deps, version, done)

    @app.post(
        "/models/rollback",
        summary="Put the model before in force again; the body may be left out",
        responses=refusals(*BODY, 409, 503),
    )
    async def rollback(body: Requester | None = None) -> Promoted:
        who = (body or Requester()).requested_by
        done = by_hand.roll_back(deps.database, deps.key, who)
        return await _changed(deps, models.PREVIOUS, done)


def shown_model(stored: StoredModel) -> Model:
    """A model as the API lists it."""
    return Model(**_figures(stored))


async def get(database: Database, version: str) -> ModelWhole:
    """A model with all that is known of it. Raises ApiError 404."""
    try:
        async with database.read() as connection:
            found = await models.find(connection, version)
            made = await training.that_made(connection, found.manifest.version)
    except ModelMissing as error:
        raise ApiError(404, "version", expected=_KNOWN, got=str(error)) from error
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


async def _changed(
    deps: Dependencies, version: str, done: Awaitable[by_hand.Promotion]
) -> Promoted:
    try:
        promoted = await done
    except by_hand.UnknownModel as error:
        raise ApiError(404, "version", expected=_KNOWN, got=shown(version)) from error
    except by_hand.NotPromoted as error:
        usable = "a model that can be put in force"
        raise ApiError(409, "version", expected=usable, got=str(error)) from error
    deps.wake_outbox()
    return Promoted(
        version=promoted.version, previous=promoted.before, ended_trainings=promoted.ended
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
