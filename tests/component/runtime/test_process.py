"""A process from its first connect to its end, with a broker that is away, missing or odd."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client import CollectorRegistry

from contracts import topology
from contracts.topology import Queue, Topology, consumer_queue, queue_of
from infra.servers.rabbitmq import RabbitMQ
from services.runtime.broker import Broker
from services.runtime.follower import Callback
from services.runtime.http import open_socket
from services.runtime.link import Link
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outbox, Row
from services.runtime.process import Dependencies, Frame, Intake, Part, Process
from services.runtime.rabbitmq import RabbitBroker
from services.runtime.settings import Settings
from tests.component.runtime.worker import CAUSED_BY, RULES, cause_one, caused, turn
from tests.conformance.brokers import QUEUE, TOPOLOGY, becomes, comes_true, everything
from tests.conformance.conftest import BrokerFactory

START = 60.0


class NoRows:
    """An outbox in which nothing ever waits."""

    async def claim(self, limit: int, seconds: float) -> Sequence[Row]:
        return []

    async def done(self, ids: Sequence[int]) -> None:
        return

    async def release(self, ids: Sequence[int]) -> None:
        return


class Running:
    """A process and the address of its health."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self._url = f"http://127.0.0.1:{port}/readyz"

    async def away(self) -> Mapping[str, str]:
        """What ``/readyz`` says is away."""

        def ask() -> Mapping[str, str]:
            try:
                with urlopen(self._url, timeout=10) as answer:
                    body = answer.read()
            except HTTPError as error:
                with error:
                    body = error.read()
            words: Mapping[str, str] = json.loads(body)["away"]
            return words

        return await asyncio.to_thread(ask)

    async def becomes_ready(self, patience: float = START) -> bool:
        async def is_so() -> bool:
            return not await self.away()

        return await comes_true(is_so, patience=patience)


async def nothing() -> None:
    """Follow a version on which nothing depends."""


@asynccontextmanager
async def running(
    broker: Broker, *services: str, follow: Callback = nothing
) -> AsyncIterator[Running]:
    """A process of services that each cause a sample from whatever they take."""

    async def versions() -> Mapping[str, int]:
        return {}

    async def ping() -> None:
        return

    taking = [Part(name, [Intake(queue_of(name), cause_one)]) for name in services]
    parts = [Part("panel", follows={"model": follow}), *taking]
    metrics = Metrics(CollectorRegistry())
    frame = Frame(Settings(), Live(LiveSettings()), broker, metrics, lambda: None)
    link = Link(broker, topology.build(frame.settings.gateways))
    outbox = Outbox(NoRows(), broker, RULES.away, metrics)
    process = Process(frame, parts, Dependencies(link, ping, versions, RULES, outbox))
    stop = asyncio.Event()
    health = open_socket("127.0.0.1", 0, "APRENDIZ_METRICS_PORT")
    port = health.getsockname()[1]
    task = asyncio.create_task(process.run(stop, health))
    yield Running(process, port)
    stop.set()
    async with asyncio.timeout(25):
        await task


async def test_a_process_without_a_queue_connects_and_declares_all_the_same(
    broker_factory: BrokerFactory,
) -> None:
    broker, another = await broker_factory(), await broker_factory()
    async with running(broker) as process:
        assert await process.becomes_ready()
        await another.publish([turn("one")])
        assert await another.depth(QUEUE) == 1


async def test_a_process_declares_everything_and_consumes(broker_factory: BrokerFactory) -> None:
    broker, another = await broker_factory(), await broker_factory()
    async with running(broker, "classifier") as process:
        assert await process.becomes_ready()
        await another.publish([turn("one")])
        assert await becomes(another, CAUSED_BY, 1)
    assert await everything(another, CAUSED_BY, count=1) == caused("one")


async def test_what_waited_is_taken_only_once_the_versions_were_followed(
    broker_factory: BrokerFactory,
) -> None:
    broker, another = await broker_factory(), await broker_factory()
    await broker.declare(TOPOLOGY)
    await another.publish([turn("one")])
    asked, loaded = asyncio.Event(), asyncio.Event()

    async def load() -> None:
        asked.set()
        await loaded.wait()

    async with running(broker, "classifier", follow=load) as process:
        await asked.wait()
        assert "settings and model are still being read" in (await process.away())[QUEUE]
        assert await another.depth(QUEUE) == 1
        loaded.set()
        assert await becomes(another, CAUSED_BY, 1)


async def test_a_process_starts_before_its_broker_and_needs_no_restart(
    own_rabbitmq: Callable[[], RabbitMQ],
) -> None:
    node = await asyncio.to_thread(own_rabbitmq)
    await asyncio.to_thread(node.stop)
    async with running(RabbitBroker(node.url), "classifier") as process:

        async def all_away() -> bool:
            away = await process.away()
            return away.keys() == {"broker", QUEUE} and "does not answer" in away["broker"]

        assert await comes_true(all_away), await process.away()
        await asyncio.to_thread(node.start)
        assert await process.becomes_ready()
        another = RabbitBroker(node.url)
        await another.connect()
        await another.publish([turn("one")])
        assert await becomes(another, CAUSED_BY, 1)
        await another.close()


async def test_a_queue_with_other_arguments_is_not_consumed_and_all_others_are(
    broker_factory: BrokerFactory,
) -> None:
    odd = Queue(QUEUE, {**consumer_queue(QUEUE).arguments, "x-delivery-limit": 7})
    another, broker = await broker_factory(), await broker_factory()
    await another.declare(Topology((), (odd,)))
    async with running(broker, "classifier", "router") as process:
        classifier, router = process.process.consumers

        async def refused() -> bool:
            waits = classifier.refusal is not None and router.registered
            return waits and (await process.away()).keys() == {QUEUE}

        assert await comes_true(refused)
        assert "x-delivery-limit" in (await process.away())[QUEUE]
        await another.publish([turn("one")])
        assert await becomes(another, QUEUE, 1)
        await _router_gets_one(another)
        assert await becomes(another, CAUSED_BY, 1)
        assert await another.depth(QUEUE) == 1


async def _router_gets_one(broker: Broker) -> None:
    """Under its own key, as the classifier would publish it."""
    await broker.publish([replace(turn("two"), exchange="", routing_key=queue_of("router"))])


async def test_the_topology_is_declared_again_when_the_broker_forgot_it(
    broker_factory: BrokerFactory,
) -> None:
    broker = await broker_factory()
    await broker.declare(TOPOLOGY)
    async with running(broker, "classifier") as process:
        assert await process.becomes_ready()
        await broker.close()
        assert await process.becomes_ready()
        assert process.process.consumers[0].registered
