"""Services that are killed or stopped while messages flow lose nothing and double nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic
from uuid import uuid4

import pytest

from contracts.topology import BURIED, LADDER, SERVICES, gateway_queue, queue_of
from tests.e2e.outside import OutsideGateway
from tests.e2e.shop import NAMES, Shop
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(420)

PER_SECOND = 10
REPEATED = 7
"""Every so many messages, the provider delivers one twice."""
TEXTS = (
    "hola buenas tardes",
    "muchas gracias",
    "el perro de mi primo le ladra al cartero",
    "chao, cuidense",
)
QUEUES = (
    *(queue_of(row.name) for row in SERVICES if row.keys),
    gateway_queue("simulador"),
    *(step.name for step in LADDER),
    BURIED,
)
ANSWERS = (
    "SELECT COUNT(*) AS answers FROM simulated_phone WHERE conversation_id LIKE :like "
    "GROUP BY conversation_id"
)
TURNS = "SELECT DISTINCT state FROM turns WHERE conversation_id LIKE :like"
DELIVERIES = "SELECT DISTINCT state FROM deliveries WHERE conversation_id LIKE :like"


class Load:
    """Customers who each write one message to the simulated phone, a steady stream of them."""

    def __init__(self, gateway: OutsideGateway) -> None:
        """Nobody writes yet."""
        self.name = f"carga-{uuid4().hex[:8]}"
        self.written = 0
        self._gateway = gateway

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Customers write as long as the context lasts."""
        stop = asyncio.Event()
        writing = asyncio.create_task(self._write(stop))
        try:
            yield
        finally:
            stop.set()
            await writing

    async def _write(self, stop: asyncio.Event) -> None:
        begun = monotonic()
        for number in count():
            chat = f"{self.name}-{number}"
            text = TEXTS[number % len(TEXTS)]
            message = await self._gateway.says(chat, text, gateway="simulador")
            if number % REPEATED == 0:
                await self._gateway.says(chat, text, again=message, gateway="simulador")
            self.written += 1
            wait = max(0.0, begun + self.written / PER_SECOND - monotonic())
            try:
                await asyncio.wait_for(stop.wait(), wait)
            except TimeoutError:
                continue
            return


async def assert_each_is_answered_once(shop: Shop, gateway: OutsideGateway, load: Load) -> None:
    """Every conversation has one answer on the phone, and nothing is left that could bring more."""

    async def answers() -> list[int]:
        return [row.answers for row in await shop.rows(ANSWERS, like=f"{load.name}-%")]

    async def at_rest() -> bool:
        waiting = [await gateway.waiting(queue) for queue in QUEUES]
        return len(await answers()) == load.written and not any(waiting) and await shop.is_quiet()

    await until(at_rest, f"all {load.written} conversations are answered", seconds=120)
    assert set(await answers()) == {1}
    for states, expected in ((TURNS, "answered"), (DELIVERIES, "sent")):
        assert await shop.rows(states, like=f"{load.name}-%") == [(expected,)]


async def failures(shop: Shop) -> int:
    [(found,)] = await shop.rows("SELECT COUNT(*) FROM mensajes_fallidos")
    return int(found)


async def test_each_service_is_killed_under_load_and_every_customer_gets_one_answer(
    shop: Shop, gateway: OutsideGateway
) -> None:
    await shop.teacher.will()
    load, buried = Load(gateway), await failures(shop)
    async with load.flowing():
        for name in NAMES:
            await shop.services[name].kill()
            await shop.start(name)
    assert load.written > PER_SECOND * len(NAMES) / 2
    await assert_each_is_answered_once(shop, gateway, load)
    assert await failures(shop) == buried


async def test_sigterm_ends_every_service_in_order_under_load_and_nothing_is_lost(
    shop: Shop, gateway: OutsideGateway
) -> None:
    await shop.teacher.will(delay=0.5)
    load, buried = Load(gateway), await failures(shop)
    async with load.flowing():
        await until(lambda: _answered_some(shop, load), "the load is under way")
        begun = monotonic()
        codes = await asyncio.gather(*(each.stop() for each in shop.services.values()))
        assert (set(codes), monotonic() - begun < 15) == ({0}, True)
        await shop.start(*NAMES)
    await assert_each_is_answered_once(shop, gateway, load)
    assert await failures(shop) == buried


async def _answered_some(shop: Shop, load: Load) -> bool:
    query = "SELECT 1 FROM simulated_phone WHERE conversation_id LIKE :like LIMIT 10"
    return len(await shop.rows(query, like=f"{load.name}-%")) == 10
