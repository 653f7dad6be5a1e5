"""What a publisher is promised."""

import asyncio

import pytest

from services.runtime.broker import Broker, Outgoing, PublishFailed, Unroutable
from tests.conformance.brokers import (
    KEY,
    QUEUE,
    SHARED_BY,
    SHARED_KEY,
    UNKNOWN_KEY,
    everything,
    message,
    names_of,
    publish,
    taken,
)
from tests.conformance.conftest import BrokerFactory


@pytest.mark.parametrize("queue", SHARED_BY)
async def test_every_bound_queue_gets_its_own_copy(broker: Broker, queue: str) -> None:
    await publish(broker, "one", "two", key=SHARED_KEY)

    assert await everything(broker, queue, count=2) == ["one", "two"]
    assert [await broker.depth(other) for other in SHARED_BY if other != queue] == [2]


async def test_a_key_that_no_queue_takes_is_unroutable(broker: Broker) -> None:
    with pytest.raises(PublishFailed, match=UNKNOWN_KEY) as failed:
        await broker.publish([message("lost", UNKNOWN_KEY)])

    assert [type(error) for error in failed.value.errors.values()] == [Unroutable]


@pytest.mark.parametrize("places", [{0}, {3}, {6}, {0, 3, 6}, set(range(7))])
async def test_exactly_the_unroutable_of_a_batch_are_refused_whatever_their_place(
    broker: Broker, places: set[int]
) -> None:
    batch = [message(f"{at}", UNKNOWN_KEY if at in places else KEY) for at in range(7)]

    with pytest.raises(PublishFailed) as failed:
        await broker.publish(batch)

    assert set(failed.value.errors) == places
    assert all(isinstance(error, Unroutable) for error in failed.value.errors.values())
    others = [f"{at}" for at in range(7) if at not in places]
    assert await everything(broker, QUEUE, count=len(others)) == others


async def test_publishing_goes_on_after_a_refusal(broker: Broker) -> None:
    with pytest.raises(PublishFailed):
        await publish(broker, "lost", key=UNKNOWN_KEY)
    await publish(broker, "kept")

    assert await everything(broker, QUEUE, count=1) == ["kept"]


async def test_messages_of_one_batch_go_each_by_its_own_key(broker: Broker) -> None:
    keys = {"turn.ready": "aprendiz.classifier", "reply.requested.simulador": "aprendiz.gateway"}
    queues = ["aprendiz.classifier", "aprendiz.gateway.simulador", "aprendiz.retrainer"]

    await broker.publish([message(key, key) for key in (*keys, "sample.recorded")])

    found = [await everything(broker, queue, count=1) for queue in queues]
    assert found == [["turn.ready"], ["reply.requested.simulador"], ["sample.recorded"]]


async def test_body_headers_and_event_id_arrive_as_they_were(broker: Broker) -> None:
    headers: dict[str, str | int] = {
        "aprendiz-text": "sí, mañana 🙂 " + "ñ" * 500,
        "aprendiz-number": 2**40,
    }
    body = bytes(range(256))
    sent = Outgoing(KEY, body, event_id="an id", event_type=KEY, headers=headers)

    await broker.publish([sent])

    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        (delivery,) = await taken(subscription, 1)
        await subscription.ack([delivery])
    arrived = (delivery.routing_key, delivery.body, delivery.event_id, dict(delivery.headers))
    assert arrived == (KEY, body, "an id", headers)
    assert (delivery.queue, delivery.deliveries, delivery.attempt) == (QUEUE, 0, 0)


async def test_a_body_of_256_kib_arrives_whole(broker: Broker) -> None:
    body = bytes(range(256)) * 1024

    await broker.publish([message("large", body=body)])

    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        (delivery,) = await taken(subscription, 1)
        await subscription.ack([delivery])
    assert delivery.body == body


async def test_an_empty_batch_is_published_at_once(broker: Broker) -> None:
    await broker.publish([])

    assert await broker.depth(QUEUE) == 0


async def test_publish_returns_when_the_broker_has_the_message(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    other = await broker_factory()

    for count in range(1, 6):
        await publish(broker, f"{count}")
        assert await other.depth(QUEUE) == count


async def test_many_publishers_at_once_lose_and_double_nothing(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    brokers = [broker, await broker_factory(), await broker_factory()]
    batches = [[f"{batch}-{at}" for at in range(10)] for batch in range(30)]

    await asyncio.gather(
        *(publish(brokers[at % 3], *names) for at, names in enumerate(batches)),
    )

    sent = sorted(name for names in batches for name in names)
    assert sorted(await everything(broker, QUEUE, count=len(sent))) == sent


async def test_concurrent_publishers_are_each_told_of_their_own_refusals(broker: Broker) -> None:
    async def refused(at: int) -> set[int]:
        batch = [message(f"{at}-{n}", UNKNOWN_KEY if n == at else KEY) for n in range(5)]
        with pytest.raises(PublishFailed) as failed:
            await broker.publish(batch)
        return set(failed.value.errors)

    assert await asyncio.gather(*map(refused, range(5))) == [{0}, {1}, {2}, {3}, {4}]


async def test_a_batch_keeps_its_order(broker: Broker) -> None:
    names = [f"{at}" for at in range(100)]
    await publish(broker, *names)

    async with broker.subscribe(QUEUE, prefetch=100) as subscription:
        deliveries = await taken(subscription, 100)
        await subscription.ack(deliveries)
    assert names_of(deliveries) == names
