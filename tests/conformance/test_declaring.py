"""What is promised about the topology."""

import pytest

from contracts.topology import Binding, Exchange, Queue, Topology, consumer_queue
from services.runtime.broker import Broker, TopologyMismatch
from tests.conformance.brokers import QUEUE, TOPOLOGY, everything, message, publish


async def test_declaring_again_changes_nothing(broker: Broker) -> None:
    await publish(broker, "kept")

    await broker.declare(TOPOLOGY)

    assert await everything(broker, QUEUE, count=1) == ["kept"]


async def test_a_queue_with_other_arguments_is_named_and_all_the_rest_is_declared(
    broker: Broker,
) -> None:
    other = Queue(QUEUE, {**consumer_queue(QUEUE).arguments, "x-delivery-limit": 7})
    added = consumer_queue("aprendiz.added")
    binding = Binding("aprendiz.events", added.name, "added.key")

    with pytest.raises(TopologyMismatch, match="x-delivery-limit") as mismatch:
        await broker.declare(Topology((), (other, added), (binding,)))

    assert set(mismatch.value.items) == {QUEUE}
    await broker.publish([message("added", "added.key"), message("old")])
    assert await everything(broker, added.name, count=1) == ["added"]
    assert await everything(broker, QUEUE, count=1) == ["old"]


async def test_an_exchange_of_another_kind_is_named(broker: Broker) -> None:
    with pytest.raises(TopologyMismatch, match=r"aprendiz\.events"):
        await broker.declare(Topology((Exchange("aprendiz.events", "fanout"),), ()))


async def test_the_depth_of_a_queue_that_is_not_there_is_an_error(broker: Broker) -> None:
    with pytest.raises(TopologyMismatch, match=r"aprendiz\.nowhere"):
        await broker.depth("aprendiz.nowhere")

    assert await broker.depth(QUEUE) == 0
