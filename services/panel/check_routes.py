"""Turns that a person is asked to label, by HTTP."""

from fastapi import FastAPI

from services.panel import checks
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.question_bodies import Answered, Checks, Label


def add_checks(app: FastAPI, deps: Dependencies) -> None:
    """Serve the list of checks and take labels."""

    @app.get("/checks", summary="Turns that a person is asked to label", responses=refusals(503))
    async def waiting(limit: Limit = 100) -> Checks:
        within = deps.live.settings.evidence_window
        return Checks(checks=tuple(await checks.waiting(deps.database, within, limit)))

    @app.post(
        "/checks/{turn_id}",
        status_code=202,
        summary="Say what a customer meant; nobody is answered",
        responses=refusals(*BODY, 404, 409, 503),
    )
    async def label(turn_id: str, body: Label) -> Answered:
        await checks.label(deps.database, turn_id, body)
        deps.wake_outbox()
        return Answered(turn_id=turn_id)
