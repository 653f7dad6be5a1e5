"""A TCP proxy in front of RabbitMQ that a test may cut, or let swallow the broker's answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self
from urllib.parse import urlsplit

FRAME_HEADER = 7
"""Bytes before an AMQP frame's payload: type, channel, size; after it comes one more."""
BASIC_ACK = (60).to_bytes(2, "big") + (80).to_bytes(2, "big")

Passes = Callable[[bytes], bool]
"""Whether a frame of the broker reaches the client."""


def everything_passes(_: bytes) -> bool:
    """Nothing is swallowed."""
    return True


def confirmed(frame: bytes) -> tuple[int, bool] | None:
    """The delivery tag that a frame confirms, and whether all before it too."""
    payload = frame[FRAME_HEADER:-1]
    if frame[0] != 1 or not payload.startswith(BASIC_ACK):
        return None
    return int.from_bytes(payload[4:12], "big"), payload[12] == 1


class Proxy:
    """Every connection through it is to one broker.

    Attributes:
        passes: asked of each frame that the broker sends.
        connections: how many were opened so far.
    """

    def __init__(self, url: str) -> None:
        self._broker = urlsplit(url)
        self._server: asyncio.Server
        self._writers: set[asyncio.StreamWriter] = set()
        self.passes: Passes = everything_passes
        self.connections = 0

    @classmethod
    @asynccontextmanager
    async def before(cls, url: str) -> AsyncIterator[Self]:
        """Serve on a free port for the length of the context."""
        proxy = cls(url)
        proxy._server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        try:
            yield proxy
        finally:
            proxy._server.close()
            proxy.cut()

    @property
    def url(self) -> str:
        """The AMQP URL of the broker, through here."""
        port = self._server.sockets[0].getsockname()[1]
        credentials = self._broker.netloc.rpartition("@")[0]
        return self._broker._replace(netloc=f"{credentials}@127.0.0.1:{port}").geturl()

    def cut(self) -> None:
        """Reset every connection, as a network does."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError):
            theirs, ours = await asyncio.open_connection(self._broker.hostname, self._broker.port)
            self._writers |= {writer, ours}
            up = asyncio.create_task(_forward(reader, ours))
            down = asyncio.create_task(self._answers(theirs, writer))
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for each in (writer, ours):
                each.transport.abort()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            header = await reader.readexactly(FRAME_HEADER)
            frame = header + await reader.readexactly(int.from_bytes(header[3:7], "big") + 1)
            if self.passes(frame):
                writer.write(frame)
                await writer.drain()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
