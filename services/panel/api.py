"""The HTTP API: all its routes, and what stands before them."""

from importlib.metadata import version

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from services.panel.access import Access
from services.panel.body_limit import BodyLimit
from services.panel.check_routes import add_checks
from services.panel.dependencies import Dependencies, refusals
from services.panel.docs import add_docs
from services.panel.engine_routes import add_engine
from services.panel.errors import add_errors
from services.panel.intent_routes import add_intents
from services.panel.model_routes import add_models
from services.panel.question_routes import add_questions
from services.panel.training_routes import add_trainings
from services.panel.trust_routes import add_trust

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
    add_engine(app, deps)
    add_trust(app, deps)
    add_trainings(app, deps)
    add_models(app, deps)
    add_intents(app, deps)
    add_questions(app, deps)
    add_checks(app, deps)
    add_docs(app)
    return Access(BodyLimit(app), token)
