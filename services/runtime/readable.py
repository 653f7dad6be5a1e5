"""A stream that shows the AMQP client no properties it cannot read: it would hang up over them.

Whoever may publish may write a timestamp in nanoseconds or an id in Latin-1. The message would
come back with each new connection, and nobody would take what waits behind it.
"""

import asyncio

import pamqp.frame  # comes with the client; it is what the client reads frames with
import structlog
from pamqp.constants import FRAME_HEADER
from pamqp.exceptions import PAMQPException

log = structlog.get_logger(__name__)

_START = 7
"""Bytes before a frame's payload: its type, channel and size."""
_FLAGS = slice(12, 14)
"""Where a header's payload says which properties follow."""


class ReadableFrames(asyncio.StreamReader):
    """Reads frames as the client asks for them: by their start, then all that is left."""

    def __init__(self) -> None:
        """At the start of a frame."""
        super().__init__()
        self._start = b""

    async def readexactly(self, n: int) -> bytes:
        """See ``asyncio.StreamReader``; a message whose properties are unreadable has none."""
        read = await super().readexactly(n)
        if len(self._start) < _START:
            self._start += read
            return read
        start, self._start = self._start, b""
        return _readable(start, read) if start[0] == FRAME_HEADER else read


def _readable(start: bytes, rest: bytes) -> bytes:
    try:
        pamqp.frame.unmarshal(start + rest)
    except (PAMQPException, RecursionError) as error:  # tables within tables, a thousand deep
        log.warning("a message is taken without its AMQP properties", why=type(error).__name__)
        return rest[: _FLAGS.start] + b"\0\0" + rest[_FLAGS.stop :]
    return rest
