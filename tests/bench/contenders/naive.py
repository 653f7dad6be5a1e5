"""aio-pika's tutorial loop: one message at a time, one publish and one ack each."""

import asyncio

import aio_pika
from aio_pika.abc import AbstractChannel

from tests.bench.contenders import shape


async def run(url: str, arrivals: shape.Arrivals) -> None:
    """Consume both queues until everything has arrived."""
    connection = await aio_pika.connect_robust(url)
    async with connection:
        first = asyncio.create_task(_first_hop(await connection.channel(on_return_raises=True)))
        second = asyncio.create_task(_second_hop(await connection.channel(), arrivals))
        await arrivals.all_there.wait()
        await asyncio.sleep(0.05)  # the last acks
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


async def _first_hop(channel: AbstractChannel) -> None:
    await channel.set_qos(prefetch_count=shape.PREFETCH)
    exchange = await channel.get_exchange(shape.EXCHANGE)
    queue = await channel.get_queue(shape.FIRST_QUEUE)
    async with queue.iterator() as messages:
        async for message in messages:
            async with message.process():
                turn = shape.ready(shape.Received.model_validate_json(message.body))
                outgoing = aio_pika.Message(
                    turn.model_dump_json().encode(),
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                )
                await exchange.publish(outgoing, shape.SECOND_KEY, mandatory=True)


async def _second_hop(channel: AbstractChannel, arrivals: shape.Arrivals) -> None:
    await channel.set_qos(prefetch_count=shape.PREFETCH)
    queue = await channel.get_queue(shape.SECOND_QUEUE)
    async with queue.iterator() as messages:
        async for message in messages:
            async with message.process():
                arrivals.note(shape.Ready.model_validate_json(message.body).data.conversation_id)
