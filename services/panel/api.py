"""The HTTP API: its routes, and what stands before them."""

from importlib.metadata import version

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from services.panel import engine, trainings
from services.panel.access import Access
from services.panel.bodies import (
    Accepted,
    Classified,
    Classify,
    Health,
    Name,
    Requester,
    Training,
    Trusted,
)
from services.panel.body_limit import BodyLimit
from services.panel.checks import add_checks
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.docs import add_docs
from services.panel.errors import add_errors
from services.panel.intent_routes import add_intents
from services.panel.models import add_models
from services.panel.questions import add_questions
from services.panel.trusted import describe_trust

_ABOUT = """What a program may ask of the engine. Bodies are JSON in UTF-8, at most 64 KiB; every
refusal has the form `{"error": {"field", "expected", "got"}}`."""


def build(deps: Dependencies, token: str | None) -> ASGIApp:
    """The whole app. With a ``token`` every caller must send it; without, be on this machine."""
    app = FastAPI(
        title="Aprendiz",
        version=version("aprendiz"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(HTTPBearer(auto_error=False))] if token else [],
        responses=refusals(422, *([401] if token else [403])),
    )
    add_errors(app)
    _engine_routes(app, deps)
    _trust_routes(app, deps)
    _training_routes(app, deps)
    add_models(app, deps)
    add_intents(app, deps)
    add_questions(app, deps)
    add_checks(app, deps)
    add_docs(app)
    return Access(BodyLimit(app), token)


def _engine_routes(app: FastAPI, deps: Dependencies) -> None:
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


def _trust_routes(app: FastAPI, deps: Dependencies) -> None:
    @app.get(
        "/trust",
        summary="What the student may answer alone, why, and what led to it",
        responses=refusals(503),
    )
    async def trust(limit: Limit = 20) -> Trusted:
        return await describe_trust(deps.database, deps.trust_slot, deps.live.settings, limit)


def _training_routes(app: FastAPI, deps: Dependencies) -> None:
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
