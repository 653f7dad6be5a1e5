"""The clock for turns looks again soon, whatever the wall clock does."""

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from services.conversations import releasing
from services.conversations.releasing import Releasing


async def test_a_clock_that_was_put_back_stalls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "LOOK_EVERY", timedelta(seconds=0.05))
    keeper, stop, looks = Releasing(Mock(), Mock(), Mock()), asyncio.Event(), 0

    async def look() -> list[datetime]:
        nonlocal looks
        looks += 1
        keeper._next = datetime.now(UTC) + timedelta(hours=1)  # what a step back leaves behind
        if looks == 3:
            stop.set()
        return []

    monkeypatch.setattr(keeper, "release_due", look)
    async with asyncio.timeout(5):
        await keeper.run(stop)
    assert looks == 3
