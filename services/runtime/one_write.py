"""A TCP transport that sends what is written close together in one system call.

The AMQP client writes each frame by itself; a batch of 64 publishes was 64 system calls, and is
one here. It is given to the client through its own factory for transports.
"""

import asyncio
from typing import Any, Protocol

from yarl import URL

from services.runtime.readable import ReadableFrames

FULL = 65_536
"""Bytes that wait for no more."""
LONGEST = 0.005
"""Seconds that a write waits at most, where each turn of the loop brings another."""


class TlsContexts(Protocol):
    """Where the client keeps the TLS context of a connection."""

    async def get_context(self) -> Any:
        """The context to connect with."""


class OneWrite(asyncio.StreamWriter):
    """Gathers writes until a turn of the event loop brings none, or until somebody waits."""

    def __init__(self, *arguments: Any) -> None:
        """Take what ``asyncio.StreamWriter`` takes."""
        super().__init__(*arguments)
        self._gathered = bytearray()
        self._turn = asyncio.get_running_loop()
        self._since = 0.0  # by the loop's clock

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data`` once a turn of the loop brings no more, after what was written before."""
        if not self._gathered:
            self._since = self._turn.time()
            self._turn.call_soon(self._flush_unless_more, 0)
        self._gathered += data

    def _flush_unless_more(self, before: int) -> None:
        gathered = len(self._gathered)
        if before < gathered < FULL and self._turn.time() - self._since < LONGEST:
            self._turn.call_soon(self._flush_unless_more, gathered)
        else:
            self._flush()

    def _flush(self) -> None:
        if self._gathered:
            super().write(bytes(self._gathered))
            self._gathered.clear()

    async def drain(self) -> None:
        """Send what is gathered and wait until the peer can take more."""
        self._flush()
        await super().drain()

    def write_eof(self) -> None:
        """Send what is gathered, then the end."""
        self._flush()
        super().write_eof()

    def close(self) -> None:
        """Send what is gathered, then close."""
        self._flush()
        super().close()


class OneWriteFactory:
    """Opens such transports, with TLS for ``amqps``; the form is the client's own."""

    async def create(
        self, url: URL, ssl_context_provider: TlsContexts, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to ``url``'s host and port. OSError passes through."""
        loop = asyncio.get_running_loop()
        reader = ReadableFrames()
        protocol = asyncio.StreamReaderProtocol(reader)
        tls = await ssl_context_provider.get_context() if url.scheme == "amqps" else None
        transport, _ = await loop.create_connection(
            lambda: protocol, str(url.host), int(url.port or 0), ssl=tls, **kwargs
        )
        return reader, OneWrite(transport, protocol, reader, loop)
