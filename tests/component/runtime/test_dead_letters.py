"""What RabbitMQ itself gives up on reaches the buried with the queue that it came from."""

from dataclasses import replace

from contracts.topology import BURIED, LADDER, Queue, Topology, build, consumer_queue
from services.failures.buried import read
from services.runtime.broker import Outgoing
from services.runtime.rabbitmq import RabbitBroker
from tests.conformance.brokers import message, taken

FRAIL = "aprendiz.frail"


async def test_the_source_queue_is_known_also_of_a_message_that_was_on_the_ladder(
    vhost_url: str,
) -> None:
    broker = RabbitBroker(vhost_url)
    await broker.connect()
    await broker.declare(build(["simulador"]))
    arguments = {**consumer_queue(FRAIL).arguments, "x-delivery-limit": 1}
    await broker.declare(Topology(exchanges=(), queues=(Queue(FRAIL, arguments),)))
    await broker.publish([_to(FRAIL)])
    async with broker.subscribe(FRAIL, prefetch=1) as subscription:
        [delivery] = await taken(subscription, 1)
        await subscription.retry(delivery, LADDER[0], "once")
        for _ in range(2):
            await subscription.release(await taken(subscription, 1))
        async with broker.subscribe(BURIED, prefetch=1) as buried:
            [lost] = await taken(buried, 1)
    found = read(lost).data
    assert (found.source_queue, found.attempts) == (FRAIL, 1)
    assert "delivery_limit" in found.reason
    await broker.close()


def _to(queue: str) -> Outgoing:
    return replace(message("frail"), exchange="", routing_key=queue)
