"""Trainings by HTTP."""

from fastapi import FastAPI

from services.panel import trainings
from services.panel.bodies import Accepted, Name, Requester, Training
from services.panel.dependencies import BODY, Dependencies, refusals


def add_trainings(app: FastAPI, deps: Dependencies) -> None:
    """Serve what is asked of trainings."""

    @app.post(
        "/train",
        status_code=202,
        summary="Ask for a training now; the body may be left out",
        responses=refusals(*BODY, 503),
    )
    async def train(body: Requester | None = None) -> Accepted:
        asked = body or Requester()
        training_id = await trainings.ask(deps.database, asked.requested_by)
        deps.wake_outbox()
        return Accepted(training_id=training_id)

    @app.get(
        "/train/{training_id}",
        summary="Where a training stands",
        responses=refusals(404, 503),
    )
    async def training(training_id: str) -> Training:
        return await trainings.get(deps.database, training_id)

    @app.delete(
        "/train/{training_id}",
        status_code=202,
        summary="Cancel a training that waits or runs; the model in force stays",
        responses=refusals(404, 409, 503),
    )
    async def cancel(training_id: str, requested_by: Name = "api") -> Accepted:
        await trainings.cancel(deps.database, training_id, requested_by)
        return Accepted(training_id=training_id)
