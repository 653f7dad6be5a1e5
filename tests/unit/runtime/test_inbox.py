"""A consumer's inbox hands out at once what comes after a lull, and together what comes fast."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from services.runtime import rabbitmq
from services.runtime.broker import BrokerAway
from services.runtime.rabbitmq import Inbox


def an_inbox() -> tuple[Inbox, "asyncio.Future[None]"]:
    closing = asyncio.get_running_loop().create_future()
    channel: Any = SimpleNamespace(closing=closing, on_consumer_cancel_callbacks=set())
    return Inbox(channel, "a.queue"), closing


def sent(tag: int) -> Any:
    properties = SimpleNamespace(headers=None, correlation_id=f"event-{tag}")
    header = SimpleNamespace(properties=properties)
    return SimpleNamespace(
        header=header, routing_key="a.key", body=b"{}", delivery_tag=tag, redelivered=False
    )


async def taken(inbox: Inbox, limit: int) -> list[int]:
    async with asyncio.timeout(5):
        return [each.tag for each in await inbox.take(limit)]


async def test_a_message_after_a_lull_waits_for_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox, _ = an_inbox()
    await inbox.receive(sent(1))
    assert await taken(inbox, 64) == [1]
    await asyncio.sleep(rabbitmq.LULL * 2)
    monkeypatch.setattr(asyncio, "sleep", None)  # whoever called it would fail
    await inbox.receive(sent(2))
    assert await taken(inbox, 64) == [2]


async def test_messages_that_come_fast_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "LULL", 0.2)
    inbox, _ = an_inbox()
    await inbox.receive(sent(1))
    assert await taken(inbox, 64) == [1]
    taking = asyncio.create_task(taken(inbox, 64))
    for tag in (2, 3, 4):
        await asyncio.sleep(0.01)
        await inbox.receive(sent(tag))
    assert await taking == [2, 3, 4]


async def test_a_full_batch_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "LULL", 30.0)  # no test waits that long
    inbox, _ = an_inbox()
    for tag in (1, 2, 3, 4):
        await inbox.receive(sent(tag))
    assert await taken(inbox, 2) == [1, 2]
    assert await taken(inbox, 2) == [3, 4]


async def test_a_consumer_that_goes_in_the_lull_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "LULL", 0.1)
    inbox, closing = an_inbox()
    await inbox.receive(sent(1))
    assert await taken(inbox, 64) == [1]
    await inbox.receive(sent(2))
    taking = asyncio.create_task(taken(inbox, 64))
    await asyncio.sleep(0)
    closing.set_result(None)
    with pytest.raises(BrokerAway, match=r"a\.queue"):
        await taking
