"""Gives whatever goes wrong behind a route the one shape of an error."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.panel.refusals import ApiError, invalid
from services.storage.errors import DatabaseAway


def add_errors(app: FastAPI) -> None:
    """Answer in words; ``app``'s own routes are what an unknown one is told."""

    @app.exception_handler(ApiError)
    async def refused(_: Request, error: ApiError) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> Response:
        return invalid(error.errors()).response()

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        return _unrouted(app, request, error).response(error.headers)

    @app.exception_handler(DatabaseAway)
    async def away(_: Request, error: DatabaseAway) -> Response:
        return ApiError(503, "database", expected="its answer", got=str(error)).response()

    @app.exception_handler(Exception)
    async def broken(_: Request, _error: Exception) -> Response:
        # The server logs it with its traceback; what it says may hold what people wrote.
        got = "an error of ours: the log has it"
        return ApiError(500, "engine", expected="an answer", got=got).response()


def _unrouted(app: FastAPI, request: Request, error: HTTPException) -> ApiError:
    asked = f"{request.method} {request.url.path}"[:200]
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return ApiError(405, "method", expected=allowed, got=asked)
    if error.status_code == 404:
        return ApiError(404, "path", expected=f"one of {_paths(app)}", got=asked)
    return ApiError(error.status_code, "request", expected="a valid one", got=str(error.detail))


def _paths(app: FastAPI) -> str:
    return ", ".join([*app.openapi()["paths"], "/docs"])
