"""RabbitMQ goes away, comes back, refuses and falls silent, and nothing is lost."""

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiormq
import pytest

from contracts.topology import BURIED, Queue, Topology, consumer_queue
from infra.servers.rabbitmq import RabbitMQ
from infra.servers.vhosts import AmqpServer, import_definitions
from services.runtime.broker import BrokerAway, NotConfirmed, PublishFailed
from services.runtime.rabbitmq import PUBLISH_TIMEOUT, RabbitBroker
from tests.component.runtime.proxy import Proxy, confirmed, everything_passes
from tests.component.runtime.worker import CAUSED, CAUSED_BY, Seen, Worker, cause_one, caused, turn
from tests.conformance.brokers import (
    QUEUE,
    TOPOLOGY,
    UNKNOWN_KEY,
    comes_true,
    everything,
    message,
)

ROOT = Path(__file__).parents[3]
RESTART = 60.0
"""Seconds in which a node is back and everything goes on."""


@pytest.fixture(scope="module")
def node(own_rabbitmq: Callable[[], RabbitMQ]) -> RabbitMQ:
    return own_rabbitmq()


async def connected(url: str, *, publish_timeout: float = PUBLISH_TIMEOUT) -> RabbitBroker:
    broker = RabbitBroker(url, publish_timeout=publish_timeout)
    await broker.connect()
    await broker.declare(TOPOLOGY)
    return broker


async def publish_until_taken(broker: RabbitBroker, names: Sequence[str]) -> None:
    """Publish as a gateway does: whatever was not confirmed is published again."""
    left = list(names)
    while left:
        batch = left[:10]
        try:
            await broker.connect()
            await broker.publish([turn(name) for name in batch])
            failed: set[int] = set()
        except PublishFailed as error:
            failed = set(error.errors)
        except BrokerAway:
            failed = set(range(len(batch)))
        if failed:
            await asyncio.sleep(0.1)
        left = [name for place, name in enumerate(batch) if place in failed] + left[10:]
        await asyncio.sleep(0.01)


async def all_caused(broker: RabbitBroker, names: Sequence[str]) -> bool:
    """Whether the queue is empty and every turn's event is there; repeats have the same id."""
    ids: set[str] = set()

    async def is_so() -> bool:
        try:
            await broker.connect()
            ids.update(await everything(broker, CAUSED_BY, count=0))
            return sorted(ids) == caused(*names) and await broker.depth(QUEUE) == 0
        except BrokerAway:
            return False

    return await comes_true(is_so, patience=RESTART)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_restart_while_publishing_and_consuming_loses_nothing(
    node: RabbitMQ, end: str
) -> None:
    names = [f"{end}-{at}" for at in range(400)]
    broker, gateway = await connected(node.url), RabbitBroker(node.url)
    seen = Seen()
    async with Worker(broker, seen) as worker:
        publishing = asyncio.create_task(publish_until_taken(gateway, names))
        assert await comes_true(lambda: _has(worker, 50))
        await asyncio.to_thread(getattr(node, end))
        assert not publishing.done(), "the restart came too late to be one in the middle"
        assert await comes_true(lambda: _is_away(worker))
        await asyncio.to_thread(node.start)
        await publishing
        checking = RabbitBroker(node.url)
        assert await all_caused(checking, names)
    assert worker.outcomes().keys() <= {"done", "returned"}
    assert await checking.depth(BURIED) == 0
    for each in (broker, gateway, checking):
        await each.close()


async def _has(worker: Worker, done: int) -> bool:
    return worker.outcomes().get("done", 0) >= done


async def _is_away(worker: Worker) -> bool:
    return not worker.listens()


async def test_a_network_that_cuts_at_any_moment_loses_nothing(vhost_url: str) -> None:
    names = [f"{at}" for at in range(500)]
    chance = random.Random(7)
    async with Proxy.before(vhost_url) as proxy:
        broker, gateway = await connected(proxy.url), RabbitBroker(proxy.url)
        async with Worker(broker, cause_one, batch=8) as worker:
            publishing = asyncio.create_task(publish_until_taken(gateway, names))
            for _ in range(25):
                await asyncio.sleep(chance.uniform(0.01, 0.2))
                proxy.cut()
            await publishing
            checking = RabbitBroker(vhost_url)
            assert await all_caused(checking, names)
        assert worker.outcomes().keys() <= {"done", "returned"}
        for each in (broker, gateway, checking):
            await each.close()


async def test_a_consumer_that_the_broker_cancels_subscribes_again(vhost_url: str) -> None:
    broker, another = await connected(vhost_url), await connected(vhost_url)

    async def declare() -> None:
        await broker.declare(TOPOLOGY)

    async with Worker(broker, cause_one, probe=declare) as worker:
        await another.publish([turn("before")])
        assert await worker.ends(done=1)
        await _delete(vhost_url, QUEUE)
        assert await comes_true(lambda: _takes(another, worker))
    await broker.close()
    await another.close()


async def _takes(another: RabbitBroker, worker: Worker) -> bool:
    """Publish until the new queue is there, and see it taken."""
    try:
        await another.publish([turn("after")])
    except PublishFailed:
        return False
    return await worker.ends(done=2)


async def _delete(url: str, queue: str) -> None:
    connection = await aiormq.connect(url)
    channel = await connection.channel()
    await channel.queue_delete(queue)
    await connection.close()


async def test_an_event_that_a_full_queue_refuses_sends_its_cause_up_the_ladder(
    vhost_url: str,
) -> None:
    full = consumer_queue(CAUSED_BY)
    small = Queue(CAUSED_BY, {**full.arguments, "x-max-length": 1})
    kept = tuple(each for each in TOPOLOGY.queues if each.name != CAUSED_BY)
    broker = RabbitBroker(vhost_url)
    await broker.connect()
    await broker.declare(Topology(TOPOLOGY.exchanges, (*kept, small), TOPOLOGY.bindings))
    names = [f"{at}" for at in range(10)]
    await broker.publish([turn("first"), turn("second")])
    async with Worker(broker, cause_one, batch=1, in_flight=1) as worker:
        assert await comes_true(lambda: _has(worker, 1))
        await broker.publish([turn(name) for name in names])

        async def refused() -> bool:
            return worker.outcomes().get("retried", 0) >= 5

        assert await comes_true(refused)
        assert sorted(await everything(broker, CAUSED_BY, count=1))
        assert worker.outcomes().get("buried", 0) == 0
    assert worker.outcomes()["done"] + worker.outcomes()["retried"] >= 12
    await broker.close()


async def test_a_publish_that_is_never_confirmed_is_away_and_published_later(
    vhost_url: str,
) -> None:
    async with Proxy.before(vhost_url) as proxy:
        broker = await connected(proxy.url, publish_timeout=0.5)
        async with Worker(broker, cause_one) as worker:
            await broker.publish([turn("early")])
            assert await worker.ends(done=1)
            proxy.passes = lambda frame: confirmed(frame) is None
            direct = await connected(vhost_url)
            await direct.publish([turn("late")])
            assert await comes_true(lambda: _returned(worker))
            proxy.passes = everything_passes
            assert await worker.ends(done=2)
            assert worker.outcomes().keys() == {"done", "returned"}
        assert sorted(set(await everything(direct, CAUSED_BY, count=2))) == caused("early", "late")
        await direct.close()
        await broker.close()


async def _returned(worker: Worker) -> bool:
    return worker.outcomes().get("returned", 0) > 0


async def test_a_connection_lost_in_mid_batch_names_exactly_what_was_not_confirmed(
    vhost_url: str,
) -> None:
    """What no queue takes and nobody insists on is confirmed first; of the rest, nothing."""
    async with Proxy.before(vhost_url) as proxy:
        broker = await connected(proxy.url)
        heard: set[int] = set()

        def first_confirms(frame: bytes) -> bool:
            tag = confirmed(frame)
            if tag is None:
                return True
            if heard:
                asyncio.get_running_loop().call_later(0.1, proxy.cut)
                return False
            heard.update(range(1, tag[0] + 1) if tag[1] else {tag[0]})
            return True

        proxy.passes = first_confirms
        batch = [
            message(f"{at}", CAUSED if at % 2 else UNKNOWN_KEY, mandatory=bool(at % 2))
            for at in range(10)
        ]
        with pytest.raises(PublishFailed) as failed:
            await broker.publish(batch)
        await broker.close()
    assert heard
    assert set(failed.value.errors) == {at for at in range(10) if at + 1 not in heard}
    assert {type(error) for error in failed.value.errors.values()} == {NotConfirmed}


async def test_a_broker_that_falls_silent_is_away_and_left_in_time(node: RabbitMQ) -> None:
    async with Proxy.before(node.url) as proxy:
        broker = await connected(proxy.url, publish_timeout=0.5)
        async with Worker(broker, cause_one) as worker:
            await broker.publish([turn("early")])
            assert await worker.ends(done=1)
            proxy.passes = lambda _: False
            direct = await connected(node.url)
            await direct.publish([turn("late")])
            await direct.close()
            with pytest.raises(PublishFailed):
                await broker.publish([message("unheard")])
            worker.stop.set()
        async with asyncio.timeout(15):
            await broker.close()


async def test_definitions_that_a_node_imports_are_the_topology_we_declare(
    rabbitmq: AmqpServer, vhost_url: str
) -> None:
    definitions: dict[str, Any] = json.loads(
        (ROOT / "infra" / "rabbitmq" / "definitions.json").read_text()
    )
    import_definitions(rabbitmq, vhost_url, definitions)

    broker = RabbitBroker(vhost_url)
    await broker.connect()
    assert await broker.depth(QUEUE) == 0
    await broker.publish([turn("one")])
    await broker.declare(TOPOLOGY)
    assert await everything(broker, QUEUE, count=1) == ["one"]
    await broker.close()
