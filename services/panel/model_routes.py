"""Models by HTTP: their figures, and which one is in force."""

from collections.abc import Awaitable

from fastapi import FastAPI

from services.panel import by_hand
from services.panel.bodies import Requester
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.model_bodies import Models, ModelWhole, Promoted
from services.panel.refusals import ApiError, shown
from services.panel.shown import shown_model, shown_whole
from services.storage import models, training
from services.storage.models import ModelMissing

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
        try:
            async with deps.database.read() as connection:
                found = await models.find(connection, version)
                made = await training.that_made(connection, found.manifest.version)
        except ModelMissing as error:
            raise ApiError(404, "version", expected=_KNOWN, got=str(error)) from error
        return shown_whole(found, made)

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
