"""HTTP servers inside a process: one way to open a port, serve an app and leave in time."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

DRAIN = 5
"""Seconds that requests in hand are given when the process stops."""


class PortBusy(OSError):
    """Another program has the port. The message names the setting to change."""


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def open_socket(host: str, port: int, setting: str) -> socket.socket:
    """Bind a port at once, so that a busy one is told at the start.

    Raises:
        PortBusy: names ``setting``.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = str(error.strerror).partition(" (while")[0]  # the address would be told twice
        raise PortBusy(
            f"Cannot listen on {host}:{port} ({why}): "
            f"stop what uses that port, or set {setting} to another one"
        ) from error


def url_of(listening: socket.socket) -> str:
    """The URL of an open socket, its real port included where any was asked for."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: ASGIApp, listening: socket.socket, stop: asyncio.Event) -> None:
    """Serve ``app`` on an open socket until ``stop``."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=DRAIN
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await stop.wait()
    server.should_exit = True
    await serving
