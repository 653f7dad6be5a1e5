"""The engine by HTTP: how it is, and what it makes of a text."""

from fastapi import FastAPI

from services.panel import engine
from services.panel.bodies import Classified, Classify, Health
from services.panel.dependencies import BODY, Dependencies, refusals


def add_engine(app: FastAPI, deps: Dependencies) -> None:
    """Serve what is asked of the engine."""

    @app.get("/health", summary="How the engine is; always 200 while the panel is up")
    async def health() -> Health:
        return await engine.health(deps.model_slot, deps.outside)

    @app.post(
        "/classify",
        summary="Name the intent of a text; nothing is stored or sent",
        responses=refusals(*BODY, 503),
    )
    async def classify(body: Classify) -> Classified:
        return engine.classify(deps.model_slot, body.text, deps.trust_slot.trust)
