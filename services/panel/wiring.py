"""Puts the panel together; its port is opened at once, so that a busy one is told at the start."""

import asyncio

import structlog

from services.learning.certifying.slot import ModelSlot, TrustSlot
from services.panel.api import build
from services.panel.dependencies import Dependencies
from services.runtime.health import Outside
from services.runtime.http import open_socket, serve, url_of
from services.runtime.process import Frame, Part
from services.storage.engine import Database

log = structlog.get_logger(__name__)

NAME = "panel"


def assemble(
    frame: Frame,
    database: Database,
    model_slot: ModelSlot,
    trust_slot: TrustSlot,
    outside: Outside,
    key: bytes,
) -> Part:
    """The panel's part of a process; ``key`` is the signing key.

    Raises:
        PortBusy: names APRENDIZ_HTTP_PORT.
    """
    settings = frame.settings
    port = settings.http_port
    if port is None:
        port = frame.live.settings.ml_engine_port
    listening = open_socket(settings.http_host, port, "APRENDIZ_HTTP_PORT")
    token = settings.http_token.get_secret_value() if settings.http_token else None
    app = build(
        Dependencies(database, model_slot, trust_slot, frame.live, outside, frame.wake_outbox, key),
        token,
    )
    url = url_of(listening)

    async def run(stop: asyncio.Event) -> None:
        log.info("HTTP API is up", url=url)
        await serve(app, listening, stop)

    return Part(NAME, background=[run], url=url)
