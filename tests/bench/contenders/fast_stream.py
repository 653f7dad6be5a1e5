"""FastStream, as its documentation shows it: a subscriber that publishes what it returns."""

import json
from typing import Any, cast

from faststream import AckPolicy, StreamMessage
from faststream.rabbit import (
    Channel,
    ExchangeType,
    QueueType,
    RabbitBroker,
    RabbitExchange,
    RabbitQueue,
)
from faststream.rabbit.schemas.queue import QuorumQueueArgs

from contracts.topology import consumer_queue
from tests.bench.contenders import shape


async def run(url: str, arrivals: shape.Arrivals) -> None:
    """Consume both queues until everything has arrived."""
    broker = RabbitBroker(
        url,
        default_channel=Channel(prefetch_count=shape.PREFETCH, publisher_confirms=True),
        decoder=_read_json,
        logger=None,
    )
    exchange = RabbitExchange(shape.EXCHANGE, type=ExchangeType.TOPIC, durable=True)

    @broker.subscriber(
        _queue(shape.FIRST_QUEUE, shape.FIRST_KEY), exchange, ack_policy=AckPolicy.NACK_ON_ERROR
    )
    @broker.publisher(routing_key=shape.SECOND_KEY, exchange=exchange, mandatory=True, persist=True)
    async def first_hop(message: shape.Received) -> shape.Ready:
        return shape.ready(message)

    @broker.subscriber(
        _queue(shape.SECOND_QUEUE, shape.SECOND_KEY), exchange, ack_policy=AckPolicy.NACK_ON_ERROR
    )
    async def second_hop(message: shape.Ready) -> None:
        arrivals.note(message.data.conversation_id)

    await broker.start()
    await arrivals.all_there.wait()
    await broker.stop()


async def _read_json(message: StreamMessage[Any]) -> Any:
    """FastStream reads only ``application/json`` by itself, not CloudEvents' own media type."""
    return json.loads(message.body)


def _queue(name: str, key: str) -> RabbitQueue:
    arguments = {k: v for k, v in consumer_queue(name).arguments.items() if k != "x-queue-type"}
    return RabbitQueue(
        name,
        queue_type=QueueType.QUORUM,
        durable=True,
        routing_key=key,
        arguments=cast("QuorumQueueArgs", arguments),
    )
