"""What the API says when it refuses: the field, what was expected there, what came instead."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse

_SHOWN = 80


class Refusal(BaseModel):
    """Why a request was refused."""

    field: str
    """Where the trouble is: a field of the body, a header, the path; or what is away."""
    expected: str
    got: str


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: Refusal


class ApiError(Exception):
    """A request that cannot be served; becomes the answer of this status."""

    def __init__(self, status: int, field: str, *, expected: str, got: str) -> None:
        """Keep the status and the words."""
        super().__init__(f"{field}: expected {expected}; got {got}")
        self.status = status
        self.refusal = Refusal(field=field, expected=expected, got=got)

    def response(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """The answer in the one shape that all errors have."""
        body = ErrorBody(error=self.refusal).model_dump()
        return JSONResponse(body, status_code=self.status, headers=headers)


def invalid(errors: Sequence[Mapping[str, Any]]) -> ApiError:
    """The first thing that pydantic found wrong, in our words."""
    error = errors[0]
    # FastAPI names first where a value came from: body, path, query.
    steps = [str(step) for step in error["loc"]]
    field = ".".join(steps[1:]) or "body"
    if error["type"] == "missing":
        return ApiError(422, field, expected="a value", got="nothing: the field is missing")
    return ApiError(422, field, expected=_expected(error), got=shown(error.get("input")))


def shown(value: Any) -> str:
    """A value as it may stand in an error: its kind, and its start if it is short and printable."""
    if isinstance(value, str):
        return f"{len(value)} characters" if len(value) > _SHOWN else repr(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return f"the number {str(value)[:_SHOWN]}"
    return "a list" if isinstance(value, list) else "an object"


def _expected(error: Mapping[str, Any]) -> str:
    bounds: Mapping[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "string_type":
            return "text in quotes"
        case "string_too_long":
            return f"at most {bounds['max_length']:,} characters"
        case "string_too_short":
            return f"at least {bounds['min_length']:,} character"
        case "model_attributes_type" | "model_type" | "dict_type":
            return "a JSON object"
    message: str = error["msg"]
    words = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return words[:1].lower() + words[1:]
