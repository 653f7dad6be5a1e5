"""Our runtime: the one road, with its envelope, metrics and validation."""

import asyncio
from collections.abc import Sequence
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Event, MessageReceived, TurnMessage, TurnReady
from contracts.topology import queue_of, service
from services.runtime.batch import Handler, Road
from services.runtime.consumer import Consumer
from services.runtime.metrics import ConsumerMetrics, Metrics
from services.runtime.policy import Rules
from services.runtime.rabbitmq import RabbitBroker
from tests.bench.contenders.shape import Arrivals


async def run(url: str, arrivals: Arrivals) -> None:
    """Consume both queues until everything has arrived."""
    broker = RabbitBroker(url)
    metrics = Metrics()

    async def end(batch: Sequence[Envelope[Any]]) -> list[list[Event]]:
        for envelope in batch:
            arrivals.note(envelope.data.conversation_id)
        return [[] for _ in batch]

    def consumer(name: str, handler: Handler) -> Consumer:
        row, rules, own = service(name), Rules(), ConsumerMetrics(metrics, name)
        road = Road(name, broker, handler, rules, own)
        return Consumer(
            queue_of(name),
            broker,
            road,
            batch=row.batch,
            in_flight=2,
            rules=rules,
            metrics=own,
            probe=broker.connect,
        )

    stop = asyncio.Event()
    first = asyncio.create_task(consumer("conversations", _first_hop).run(stop))
    second = asyncio.create_task(consumer("classifier", end).run(stop))
    await arrivals.all_there.wait()
    stop.set()
    await asyncio.gather(first, second)
    await broker.close()


async def _first_hop(batch: Sequence[Envelope[MessageReceived]]) -> list[list[Event]]:
    return [[_ready(envelope)] for envelope in batch]


def _ready(envelope: Envelope[MessageReceived]) -> TurnReady:
    message = envelope.data
    part = TurnMessage(
        id=envelope.id,
        provider_message_id=message.provider_message_id,
        kind=message.kind,
        text=message.text,
        sent_at=message.sent_at,
    )
    return TurnReady(
        turn_id=envelope.id,
        conversation_id=message.conversation_id,
        contact=message.contact,
        gateway=message.gateway,
        messages=(part,),
        opened_at=envelope.time,
        deadline_at=envelope.time,
    )
