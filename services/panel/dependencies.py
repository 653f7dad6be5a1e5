"""What the API's routes are given, and what their descriptions have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Query

from services.learning.certifying.slot import ModelSlot, TrustSlot
from services.panel.refusals import ErrorBody
from services.runtime.health import Outside
from services.runtime.live import Live
from services.storage.engine import Database

Limit = Annotated[int, Query(ge=1, le=500, description="How many, at most.")]

BODY = (400, 408, 413, 415)
"""The refusals of what takes a body."""


@dataclass(frozen=True)
class Dependencies:
    """What the routes work on."""

    database: Database
    model_slot: ModelSlot
    trust_slot: TrustSlot
    live: Live
    outside: Outside
    wake_outbox: Callable[[], None]
    key: bytes = field(repr=False)
    """The signing key: a model is verified before it is put in force."""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers that are not successes, for a route's description."""
    return {status: {"model": ErrorBody} for status in statuses}
