"""The outbox: what was committed is published, whatever becomes of its publisher."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from contracts.events import ModelPromoted
from services.runtime.broker import Broker, BrokerAway
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outbox
from services.runtime.rabbitmq import RabbitBroker
from services.storage import outbox, tables
from services.storage.engine import Database
from services.storage.outbox import NewRow, OutboxStore
from tests.component.counting import count
from tests.conformance.brokers import KEY, QUEUE, TOPOLOGY, UNKNOWN_KEY, becomes, everything
from tests.conformance.conftest import BrokerFactory

AWAY = (BrokerAway,)


async def wrote(database: Database, *names: str, key: str = KEY) -> None:
    async with database.begin() as connection:
        await outbox.add(connection, [NewRow(name, key, b"{}") for name in names])


async def left(database: Database) -> int:
    async with database.read() as connection:
        return await count(connection, tables.outbox)


def publisher(
    database: Database, broker: Broker, name: str = "one", registry: CollectorRegistry | None = None
) -> Outbox:
    metrics = Metrics(registry or CollectorRegistry())
    return Outbox(OutboxStore(database, name), broker, AWAY, metrics)


async def test_rows_are_published_in_order_and_forgotten(
    database: Database, broker: Broker
) -> None:
    names = [f"{at}" for at in range(10)]
    await wrote(database, *names)

    assert await publisher(database, broker).publish_waiting() == 10

    assert await everything(broker, QUEUE, count=10) == names
    assert await left(database) == 0


async def test_a_refused_row_stays_and_holds_up_no_other(
    database: Database, broker: Broker
) -> None:
    await wrote(database, "lost", key=UNKNOWN_KEY)
    await wrote(database, "kept")
    published = publisher(database, broker)

    assert await published.publish_waiting() == 1
    await wrote(database, "later")
    assert await published.publish_waiting() == 1

    assert await everything(broker, QUEUE, count=2) == ["kept", "later"]
    assert await left(database) == 1


async def test_what_the_broker_has_confirmed_is_counted(database: Database, broker: Broker) -> None:
    await wrote(database, "one", "two")
    await wrote(database, "lost", key=UNKNOWN_KEY)
    registry = CollectorRegistry()

    await publisher(database, broker, registry=registry).publish_waiting()

    labels = {"service": "outbox"}
    assert registry.get_sample_value("aprendiz_events_published_total", labels) == 2


async def test_a_broadcast_that_nobody_hears_is_done(database: Database, broker: Broker) -> None:
    await wrote(database, "news", key=ModelPromoted.TYPE)

    assert await publisher(database, broker).publish_waiting() == 1

    assert await left(database) == 0


async def test_rows_of_a_publisher_that_died_are_taken_over(
    database: Database, broker: Broker
) -> None:
    await wrote(database, "orphan")
    await OutboxStore(database, "dead").claim(10, 3)
    published = publisher(database, broker, "heir")
    assert await published.publish_waiting() == 0

    await asyncio.sleep(3.1)

    assert await published.publish_waiting() == 1
    assert await everything(broker, QUEUE, count=1) == ["orphan"]


async def test_a_running_outbox_goes_on_once_the_topology_is_there(
    database: Database, broker_factory: BrokerFactory
) -> None:
    """The exchange is not there at first."""
    stop = asyncio.Event()
    broker = await broker_factory()
    await wrote(database, "early")
    published = publisher(database, broker)
    assert await published.publish_waiting() == 0
    running = asyncio.create_task(published.run(stop))
    await broker.declare(TOPOLOGY)
    await wrote(database, "late")
    published.wake()

    assert await becomes(broker, QUEUE, 1)

    stop.set()
    await running
    assert await everything(broker, QUEUE, count=1) == ["late"]


async def test_rows_are_nobodys_while_the_broker_is_away(database: Database) -> None:
    await wrote(database, "waits")
    nowhere = RabbitBroker("amqp://guest:guest@127.0.0.1:1/")
    with pytest.raises(BrokerAway, match="does not answer"):
        await publisher(database, nowhere).publish_waiting()

    assert len(await OutboxStore(database, "another").claim(10, 30)) == 1
