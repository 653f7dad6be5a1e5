"""Properties and headers that only somebody else would write stop neither message nor queue."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiormq
import pytest
from aiormq.abc import FieldTable
from pamqp.commands import Basic

from services.runtime.batch import Result
from services.runtime.broker import ATTEMPT
from services.runtime.rabbitmq import RabbitBroker
from tests.component.runtime.worker import Seen, Worker, turn
from tests.conformance.brokers import QUEUE, TOPOLOGY, taken

LATIN = "año".encode("latin-1")
TIMESTAMP, CORRELATION_ID, HEADERS = 1 << 6, 1 << 10, 1 << 13


class Written(Basic.Properties):
    """Properties as bytes: no client of ours would write these."""

    def __init__(self, flags: int, values: bytes) -> None:
        super().__init__()
        self._bytes = struct.pack(">H", flags) + values

    def marshal(self) -> bytes:
        return self._bytes


def named(name: bytes, value: bytes) -> bytes:
    """A table of headers that holds one."""
    table = bytes([len(name)]) + name + value
    return struct.pack(">I", len(table)) + table


def nested(times: int) -> bytes:
    """A header that holds a table that holds a table, and so on."""
    value = b"V"
    for _ in range(times):
        value = b"F" + named(b"a", value)
    return named(b"a", value)


STRANGE = {
    "a timestamp in microseconds": Written(TIMESTAMP, struct.pack(">Q", 1_700_000_000_000_000)),
    "an id in Latin-1": Written(CORRELATION_ID, bytes([len(LATIN)]) + LATIN),
    "a header's name in Latin-1": Written(HEADERS, named(LATIN, b"V")),
    "a header's moment in nanoseconds": Written(
        HEADERS, named(b"at", b"T" + struct.pack(">Q", 1_700_000_000_000_000_000))
    ),
}
STRANGE["a header a thousand tables deep"] = Written(HEADERS, nested(1_000))
HEADED: dict[str, FieldTable] = {
    "a count that is a word": {"x-delivery-count": "twice"},
    "a count of another broker": {"x-delivery-count": 12},
    "deaths that are a word": {"x-death": "often"},
    "deaths without a queue": {"x-death": [{"count": 1}]},
}


@asynccontextmanager
async def broker_with(url: str, *messages: Basic.Properties) -> AsyncIterator[RabbitBroker]:
    """A broker in whose queue lie the turns `0`, `1`, ... with these properties."""
    broker = RabbitBroker(url)
    await broker.connect()
    await broker.declare(TOPOLOGY)
    connection = await aiormq.connect(url)
    channel = await connection.channel()
    for name, properties in enumerate(messages):
        body = turn(str(name)).body
        await channel.basic_publish(body, routing_key=QUEUE, properties=properties)
    await connection.close()
    yield broker
    await broker.close()


@pytest.mark.parametrize(
    "strange",
    [*STRANGE.values(), *(Basic.Properties(headers=each) for each in HEADED.values())],
    ids=[*STRANGE, *HEADED],
)
async def test_a_strange_message_is_handled_and_so_is_the_one_behind_it(
    vhost_url: str, strange: Basic.Properties
) -> None:
    async with broker_with(vhost_url, strange, Basic.Properties()) as broker:
        seen = Seen()
        async with Worker(broker, seen) as worker:
            assert await worker.ends(done=2)
        assert seen.names == ["0", "1"]


async def test_the_brokers_own_count_stands_over_a_publishers(vhost_url: str) -> None:
    counted = Basic.Properties(headers={"x-delivery-count": 12})
    async with (
        broker_with(vhost_url, counted) as broker,
        broker.subscribe(QUEUE, prefetch=1) as subscription,
    ):
        [first] = await taken(subscription, 1)
        await subscription.release([first])
        [again] = await taken(subscription, 1)
    assert (first.deliveries, again.deliveries) == (0, 1)


async def test_a_publishers_negative_attempts_count_as_none(vhost_url: str) -> None:
    negative = Basic.Properties(headers={ATTEMPT: -9})
    async with broker_with(vhost_url, negative) as broker:

        async def fail(_: object) -> list[Result]:
            raise ValueError("it may pass")

        async with Worker(broker, fail) as worker:
            assert await worker.ends(retried=1)
