"""Reads no more of a server's answer than an answer can be, however much it sends."""

from collections.abc import AsyncIterator

import httpx2

LONGEST = 1024 * 1024
"""Bytes of a response's body."""


class TooLong(httpx2.ReadError):
    """The server sends more than any answer has: to the client library a broken connection."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = LONGEST
        async for chunk in self._stream:
            room -= len(chunk)
            if room < 0:
                raise TooLong(f"the body is longer than {LONGEST} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def bound(response: httpx2.Response) -> None:
    """A response hook: its body is bounded, and taken as it comes."""
    # We ask for no compression: what is sent all the same might unpack to anything.
    response.headers.pop("content-encoding", None)
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)
