"""What RabbitMQ promises besides: what it confirmed outlives the server itself."""

import asyncio
from collections.abc import Callable

from infra.servers.rabbitmq import RabbitMQ
from services.runtime.rabbitmq import RabbitBroker
from tests.conformance.brokers import QUEUE, TOPOLOGY, everything, publish


async def test_what_was_confirmed_is_there_after_the_server_was_killed(
    own_rabbitmq: Callable[[], RabbitMQ],
) -> None:
    server = await asyncio.to_thread(own_rabbitmq)
    names = [f"{at}" for at in range(50)]
    before = RabbitBroker(server.url)
    await before.connect()
    await before.declare(TOPOLOGY)
    await publish(before, *names)

    await asyncio.to_thread(server.kill)
    await before.close()
    await asyncio.to_thread(server.start)

    after = RabbitBroker(server.url)
    await after.connect()
    assert await everything(after, QUEUE, count=len(names)) == names
    await after.close()
