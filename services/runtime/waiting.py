"""Waiting that a request to stop cuts short."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake at once when the process is asked to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def woken(stop: asyncio.Event, by: asyncio.Event, seconds: float) -> None:
    """Sleep until another event is set, at most so long; a request to stop wakes as well."""
    tasks = [asyncio.ensure_future(event.wait()) for event in (stop, by)]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    await dismiss(*tasks)


async def until_stop(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do ``work``, but cancel it when the process is asked to stop; its errors pass through."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        await dismiss(working, stopping)


async def until_late(stop: asyncio.Event, work: Coroutine[Any, Any, None], grace: float) -> None:
    """Do ``work``; from the request to stop on it has ``grace`` seconds to end by itself."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=grace)
        if working.done():
            working.result()
    finally:
        await dismiss(working, stopping)


async def dismiss(*futures: "asyncio.Future[Any]") -> None:
    """Cancel what nobody waits for any more, and hear how it ended."""
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
