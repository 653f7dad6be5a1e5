"""Waits for what other processes do: by looking again, never by sleeping long enough."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_S = 0.05
PATIENCE_S = 180.0  # most waits end within a second; a noisy machine is given time to train


async def until(look: Callable[[], Awaitable[T]], what: str, seconds: float = PATIENCE_S) -> T:
    """The first true value that ``look`` gives; fails with ``what`` and the last value else."""
    deadline = time.monotonic() + seconds
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}; last: {seen!r}"
        await asyncio.sleep(LOOK_S)
    return seen
