"""The catalogue by HTTP."""

from fastapi import FastAPI

from services.panel import intents as operations
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.intent_bodies import Added, Intent, IntentChange, Intents, NewIntent, Proposals
from services.panel.refusals import ApiError, shown
from services.storage import intents
from services.storage.catalogue import StoredIntent, UnknownIntent
from services.storage.engine import Database
from services.storage.intents import IntentExists


def add_intents(app: FastAPI, deps: Dependencies) -> None:
    """Serve what is asked of the intents."""
    database = deps.database

    @app.get("/intents", summary="The catalogue", responses=refusals(503))
    async def all_of_them() -> Intents:
        return Intents(intents=tuple(await operations.listed(database)))

    @app.get("/intents/proposed", summary="What the teacher proposes", responses=refusals(503))
    async def proposed(limit: Limit = 100) -> Proposals:
        return Proposals(proposed=tuple(await operations.proposals(database, limit)))

    @app.post(
        "/intents",
        status_code=201,
        summary="Add an intent; samples for which the teacher proposed it are learned as it",
        responses=refusals(*BODY, 409, 503),
    )
    async def add(body: NewIntent) -> Added:
        holding = deps.live.settings.respuesta_espera
        intent = operations.made(body.name, body.description, body.reply, holding)
        try:
            async with database.begin() as connection:
                stored, labelled = await intents.add(connection, intent, body.requested_by)
        except IntentExists as error:
            raise _taken(error) from error
        return Added(intent=await _counted(database, stored), labelled=labelled)

    @app.patch(
        "/intents/{name}",
        summary="Rename an intent, switch it on or off, edit its words",
        responses=refusals(*BODY, 404, 409, 503),
    )
    async def edit(name: str, body: IntentChange) -> Intent:
        try:
            return await _counted(database, await operations.change(database, name, body))
        except UnknownIntent as error:
            known = "an intent that GET /intents lists"
            raise ApiError(404, "name", expected=known, got=shown(name)) from error
        except IntentExists as error:
            raise _taken(error) from error


async def _counted(database: Database, stored: StoredIntent) -> Intent:
    async with database.read() as connection:
        texts = await intents.counts(connection, [stored.name])
    return operations.shown_intent(stored, texts.get(stored.name, 0))


def _taken(error: IntentExists) -> ApiError:
    return ApiError(409, "name", expected="a name that no intent has", got=str(error))
