"""What the student is trusted with, by HTTP."""

from fastapi import FastAPI

from services.panel.bodies import Trusted
from services.panel.dependencies import Dependencies, Limit, refusals
from services.panel.trusted import describe_trust


def add_trust(app: FastAPI, deps: Dependencies) -> None:
    """Serve what is asked of the trust."""

    @app.get(
        "/trust",
        summary="What the student may answer alone, why, and what led to it",
        responses=refusals(503),
    )
    async def trust(limit: Limit = 20) -> Trusted:
        return await describe_trust(deps.database, deps.trust_slot, deps.live.settings, limit)
