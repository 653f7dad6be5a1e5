"""aio-pika with batches: what is waiting is published by one gather and acked at once."""

import asyncio
from collections.abc import Awaitable, Callable

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from tests.bench.contenders import shape

BATCH = 64
Work = Callable[[list[AbstractIncomingMessage]], Awaitable[None]]


async def run(url: str, arrivals: shape.Arrivals) -> None:
    """Consume both queues until everything has arrived."""
    connection = await aio_pika.connect_robust(url)
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(shape.EXCHANGE)

        async def first_hop(batch: list[AbstractIncomingMessage]) -> None:
            turns = [shape.ready(shape.Received.model_validate_json(each.body)) for each in batch]
            await asyncio.gather(
                *(
                    exchange.publish(
                        aio_pika.Message(
                            turn.model_dump_json().encode(),
                            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        ),
                        shape.SECOND_KEY,
                        mandatory=True,
                    )
                    for turn in turns
                )
            )

        async def second_hop(batch: list[AbstractIncomingMessage]) -> None:
            for each in batch:
                arrivals.note(shape.Ready.model_validate_json(each.body).data.conversation_id)

        tasks = [
            asyncio.create_task(_consume(await connection.channel(), shape.FIRST_QUEUE, first_hop)),
            asyncio.create_task(
                _consume(await connection.channel(), shape.SECOND_QUEUE, second_hop)
            ),
        ]
        await arrivals.all_there.wait()
        await asyncio.sleep(0.05)  # the last acks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _consume(channel: AbstractChannel, name: str, work: Work) -> None:
    await channel.set_qos(prefetch_count=shape.PREFETCH)
    waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    queue = await channel.get_queue(name)
    await queue.consume(waiting.put)
    while True:
        batch = [await waiting.get()]
        while len(batch) < BATCH and not waiting.empty():
            batch.append(waiting.get_nowait())
        await work(batch)
        await batch[-1].ack(multiple=True)
