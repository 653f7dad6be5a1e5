"""``/livez``, ``/readyz`` and ``/metrics`` of a process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.runtime.policy import Errors

PATIENCE = 2.0
"""Seconds that a probe is given: whoever asks for the health does not wait for long."""

Probe = Callable[[], Awaitable[str | None]]
"""Says what is away and what to do about it, or None when all is well. It never raises."""


class Outside(NamedTuple):
    """How what is outside a process is asked: `/readyz` and the panel's `/health` agree on it."""

    broker: Probe
    database: Probe


def probe_of(ping: Callable[[], Awaitable[None]], away: Errors) -> Probe:
    """Asks what raises one of ``away`` while it is away."""

    async def ask() -> str | None:
        try:
            await ping()
        except away as error:
            return str(error)
        return None

    return ask


async def readiness(probes: Mapping[str, Probe]) -> dict[str, str]:
    """What is away, by probe; empty when the process is ready."""
    words = await asyncio.gather(*(_ask(probe) for probe in probes.values()))
    return {name: word for name, word in zip(probes, words, strict=True) if word}


async def _ask(probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await probe()
    except TimeoutError:
        return f"did not answer within {PATIENCE:g} s"


def health_app(probes: Mapping[str, Probe], registry: CollectorRegistry) -> Starlette:
    """The app; ``probes`` decide ``/readyz``, ``/livez`` depends on nothing."""

    async def livez(_: Request) -> Response:
        return JSONResponse({"alive": True})

    async def readyz(_: Request) -> Response:
        away = await readiness(probes)
        return JSONResponse({"ready": not away, "away": away}, status_code=503 if away else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
    )
