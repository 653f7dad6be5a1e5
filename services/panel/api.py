"""The HTTP API: its routes, and what stands before them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import FastAPI, Query, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from services.learning.slot import ModelSlot, TrustSlot
from services.panel import engine, questions, trainings
from services.panel.access import Access
from services.panel.bodies import (
    Accepted,
    Answer,
    Answered,
    Classified,
    Classify,
    Health,
    Models,
    Name,
    Questions,
    Train,
    Training,
)
from services.panel.body_limit import BodyLimit
from services.panel.docs import add_docs
from services.panel.engine import Judge
from services.panel.failures import add_failures
from services.panel.refusals import ErrorBody
from services.runtime.health import Probe
from services.storage.engine import Database

Limit = Annotated[int, Query(ge=1, le=500, description="How many, at most.")]

_ABOUT = """What a program may ask of the engine. Bodies are JSON in UTF-8, at most 64 KiB; every
refusal has the form `{"error": {"field", "expected", "got"}}`."""


@dataclass(frozen=True)
class Inside:
    """What the API is an outside of."""

    database: Database
    slot: ModelSlot
    trusted: TrustSlot
    judge: Judge
    probes: Mapping[str, Probe]
    wake_outbox: Callable[[], None]


def build(inside: Inside, token: str | None) -> ASGIApp:
    """The whole app. With a ``token`` every caller must send it; without, be on this machine."""
    app = FastAPI(
        title="Aprendiz",
        version=version("aprendiz"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(HTTPBearer(auto_error=False))] if token else [],
        responses=_refusals(422, *([401] if token else [403])),
    )
    add_failures(app)
    _engine_routes(app, inside)
    _training_routes(app, inside)
    _question_routes(app, inside)
    add_docs(app)
    return Access(BodyLimit(app), token)


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorBody} for status in statuses}


_BODY = (400, 408, 413, 415)


def _engine_routes(app: FastAPI, inside: Inside) -> None:
    @app.get("/health", summary="How the engine is; always 200 while the panel is up")
    async def health() -> Health:
        return await engine.health(inside.slot, inside.probes)

    @app.post(
        "/classify",
        summary="Name the intent of a text; nothing is stored or sent",
        responses=_refusals(*_BODY, 503),
    )
    async def classify(body: Classify) -> Classified:
        return engine.classify(inside.slot, inside.judge, body.text, inside.trusted.trust)


def _training_routes(app: FastAPI, inside: Inside) -> None:
    @app.post(
        "/train",
        status_code=202,
        summary="Ask for a training now; the body may be left out",
        responses=_refusals(*_BODY, 503),
    )
    async def train(body: Train | None = None) -> Accepted:
        asked = body or Train()
        training_id = await trainings.ask(inside.database, asked.requested_by)
        inside.wake_outbox()
        return Accepted(training_id=training_id)

    @app.get(
        "/train/{training_id}",
        summary="Where a training stands",
        responses=_refusals(404, 503),
    )
    async def training(training_id: str) -> Training:
        return await trainings.get(inside.database, training_id)

    @app.delete(
        "/train/{training_id}",
        status_code=202,
        summary="Cancel a training that waits or runs; the model in force stays",
        responses=_refusals(404, 409, 503),
    )
    async def cancel(training_id: str, requested_by: Name = "api") -> Accepted:
        await trainings.cancel(inside.database, training_id, requested_by)
        return Accepted(training_id=training_id)

    @app.get("/models", summary="The models that are kept", responses=_refusals(503))
    async def models(limit: Limit = 100) -> Models:
        return Models(models=tuple(await trainings.newest_models(inside.database, limit)))


def _question_routes(app: FastAPI, inside: Inside) -> None:
    @app.get("/questions", summary="Questions that wait for a person", responses=_refusals(503))
    async def waiting(limit: Limit = 100) -> Questions:
        return Questions(questions=tuple(await questions.waiting(inside.database, limit)))

    @app.post(
        "/questions/{turn_id}/answer",
        status_code=202,
        summary="Answer a customer, and say what was meant",
        responses=_refusals(*_BODY, 404, 409, 503),
    )
    async def answer(turn_id: str, body: Answer) -> Answered:
        await questions.answer(inside.database, turn_id, body)
        inside.wake_outbox()
        return Answered(turn_id=turn_id)
