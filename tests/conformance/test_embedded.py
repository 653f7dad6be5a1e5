"""What the embedded broker promises besides: leases, bounds, and errors that name file and cure."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from contracts.topology import BURIED, EXCHANGE, Binding, Queue, Topology
from services.runtime.broker import ORIGINAL_KEY, BrokerAway
from services.runtime.embedded import EmbeddedBroker
from services.runtime.embedded.routing import matches
from services.runtime.embedded.store import PRIVATE_LIMIT
from tests.conformance.brokers import (
    KEY,
    QUEUE,
    TOPOLOGY,
    UNKNOWN_KEY,
    becomes,
    comes_true,
    everything,
    message,
    nothing_comes,
    publish,
    taken,
)
from tests.conformance.conftest import ProcessFactory

SHORT_LEASE = 1.0


@pytest.fixture(params=["embedded"])
def address(tmp_path: Path) -> str:
    return str(tmp_path / "home" / "broker.sqlite")


@pytest.fixture
def path(address: str) -> Path:
    return Path(address)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker(path, lease_seconds=SHORT_LEASE)
    await broker.connect()
    try:
        await broker.declare(TOPOLOGY)
        yield broker
    finally:
        await broker.close()


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def comes_to(path: Path, table: str, rows: int) -> bool:
    async def is_so() -> bool:
        return count(path, table) == rows

    return await comes_true(is_so)


async def test_a_consumer_that_computes_for_longer_than_its_lease_keeps_its_message(
    path: Path, start: ProcessFactory
) -> None:
    async with opened(path) as broker:
        await publish(broker, "held")
        process = await start("hold", "3.5", lease_seconds=2.0)
        assert await process.line() == "holding"

        assert await process.line() == "acked"

        assert await everything(broker, QUEUE, count=0) == []


async def test_settling_a_lost_lease_changes_nothing(path: Path, start: ProcessFactory) -> None:
    async with opened(path) as broker:
        await publish(broker, "held")
        process = await start("hold", "0.5", lease_seconds=SHORT_LEASE)
        assert await process.line() == "holding"
        process.signal(signal.SIGSTOP)
        async with broker.subscribe(QUEUE, prefetch=1) as subscription:
            (delivery,) = await taken(subscription, 1)
            assert delivery.deliveries == 1
            process.signal(signal.SIGCONT)
            assert await process.line() == "acked"
            assert (await process.line()).startswith("away: the lease of a consumer")
            await subscription.release([delivery])

            (again,) = await taken(subscription, 1)
            assert (again.event_id, again.deliveries) == ("held", 2)
            await subscription.ack([again])


async def test_what_waits_for_a_dead_listener_is_forgotten(
    path: Path, start: ProcessFactory
) -> None:
    async with opened(path) as broker:
        process = await start("listen", UNKNOWN_KEY, lease_seconds=SHORT_LEASE)
        assert await process.line() == "listening"
        process.signal(signal.SIGSTOP)
        await publish(broker, "unheard", key=UNKNOWN_KEY)
        assert count(path, "messages") == 1
        await process.kill()

        assert await comes_to(path, "messages", 0)
        assert count(path, "consumers") == 0
        assert count(path, "queues") == len(TOPOLOGY.queues)


async def test_a_listener_that_never_takes_has_a_bound(path: Path) -> None:
    async with opened(path) as broker, broker.listen(["#"]) as listener:
        batch = [message(f"{at}", UNKNOWN_KEY) for at in range(PRIVATE_LIMIT + 500)]
        await broker.publish(batch)

        assert await comes_to(path, "messages", PRIVATE_LIMIT)
        assert (await listener.take(1))[0].event_id == "500"


async def test_the_file_does_not_grow_by_what_was_settled(path: Path) -> None:
    batch = [message(f"{at}", body=bytes(10_000)) for at in range(50)]
    sizes = []
    async with opened(path) as broker, broker.subscribe(QUEUE, prefetch=50) as subscription:
        for _ in range(20):
            await broker.publish(batch)
            await subscription.ack(await taken(subscription, 50))
            sizes.append(sum(file.stat().st_size for file in path.parent.iterdir()))

    assert sizes[-1] < 20 * 50 * 10_000
    assert sizes[-1] <= sizes[9] * 1.2


async def test_what_comes_back_too_often_is_buried_by_the_broker(path: Path) -> None:
    limited = Queue(
        "limited",
        {
            "x-delivery-limit": 2,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": BURIED,
        },
    )
    async with opened(path) as broker:
        await broker.declare(Topology((), (limited,), (Binding(EXCHANGE, "limited", "a.key"),)))
        await publish(broker, "killer", key="a.key")
        async with broker.subscribe("limited", prefetch=1) as subscription:
            for _ in range(3):
                await subscription.release(await taken(subscription, 1))
            assert await nothing_comes(subscription)

        async with broker.subscribe(BURIED, prefetch=1) as subscription:
            (buried,) = await taken(subscription, 1)
    assert (buried.event_id, buried.routing_key) == ("killer", "a.key")
    assert buried.headers["x-first-death-reason"] == "delivery_limit"
    assert buried.headers["x-first-death-queue"] == "limited"
    assert buried.headers[ORIGINAL_KEY] == "a.key"


async def test_an_expired_message_waits_for_its_target(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.embedded.messages.STUCK_SECONDS", 0.5)
    passing = Queue("passing", {"x-message-ttl": 50, "x-dead-letter-exchange": ""})
    bindings = (Binding(EXCHANGE, "passing", "later"),)
    async with opened(path) as broker:
        await broker.declare(Topology((), (passing,), bindings))
        await publish(broker, "patient", key="later")
        await asyncio.sleep(0.6)
        assert await broker.depth("passing") == 1

        await broker.declare(Topology((), (Queue("later", {}),), ()))

        assert await becomes(broker, "later", 1)


async def test_many_may_make_the_file_at_once(path: Path) -> None:
    brokers = [EmbeddedBroker(path) for _ in range(10)]

    await asyncio.gather(*(broker.connect() for broker in brokers))

    await asyncio.gather(*(broker.declare(TOPOLOGY) for broker in brokers))
    await asyncio.gather(*(broker.close() for broker in brokers))


async def test_who_comes_while_another_makes_the_file_waits_for_it(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as maker:
        maker.execute("BEGIN IMMEDIATE")
        maker.execute("CREATE TABLE half_made (id INTEGER)")
        broker = EmbeddedBroker(path)
        connecting = asyncio.create_task(broker.connect())
        await asyncio.sleep(0.3)
        assert not connecting.done()

        maker.execute("ROLLBACK")
        await connecting
    await broker.close()


@pytest.fixture
def foreign_file(path: Path) -> Path:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    return path


async def test_a_file_of_something_else_is_named_with_the_cure(foreign_file: Path) -> None:
    with pytest.raises(BrokerAway, match=r"broker\.sqlite.*move it away"):
        await EmbeddedBroker(foreign_file).connect()


async def test_a_file_of_another_format_is_named_with_the_cure(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")

    with pytest.raises(BrokerAway, match=r"broker\.sqlite.*format is 99.*move it away"):
        await EmbeddedBroker(path).connect()


async def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(BrokerAway, match=r"/dev/null/home/broker\.sqlite: .*Not a directory"):
        await EmbeddedBroker(Path("/dev/null/home/broker.sqlite")).connect()


async def test_a_file_that_cannot_be_opened_is_named_with_the_cure(path: Path) -> None:
    await asyncio.to_thread(path.mkdir, parents=True)

    with pytest.raises(BrokerAway, match=r"broker\.sqlite.*check that its folder"):
        await EmbeddedBroker(path).connect()


async def test_a_file_that_another_program_keeps_locked_is_named_with_the_cure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.embedded.file.BUSY_SECONDS", 0.2)
    async with opened(path) as broker:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(BrokerAway, match=r"broker\.sqlite.*keeps it locked"):
                await publish(broker, "late")

        await publish(broker, "in time")
        assert await everything(broker, QUEUE, count=1) == ["in time"]


async def test_a_file_that_was_deleted_is_noticed_and_made_anew(path: Path) -> None:
    async with opened(path) as broker, broker.subscribe(QUEUE, prefetch=1) as subscription:
        for file in path.parent.iterdir():
            file.unlink()
        with pytest.raises(BrokerAway, match="deleted or replaced"):
            await publish(broker, "into the void")
        with pytest.raises(BrokerAway):
            await subscription.take(1)

        await broker.connect()
        await broker.declare(TOPOLOGY)
        await publish(broker, "kept")
        assert await everything(broker, QUEUE, count=1) == ["kept"]


async def test_a_lease_that_others_would_not_believe_in_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="60 seconds"):
        EmbeddedBroker(path, lease_seconds=61)


async def test_leases_of_a_clock_that_was_set_back_do_not_last(path: Path) -> None:
    async with opened(path) as broker:
        await publish(broker, "held")
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("INSERT INTO consumers VALUES (999, strftime('%s') + 3600)")
            database.execute("UPDATE messages SET consumer = 999")

        assert await becomes(broker, QUEUE, 1)


@pytest.mark.parametrize(
    ("pattern", "taken_keys"),
    [
        (KEY, {KEY}),
        ("turn.*", {KEY}),
        ("*.ready", {KEY}),
        ("*", {"turn"}),
        ("#", {KEY, "turn", "", "turn.ready.late"}),
        ("turn.#", {KEY, "turn", "turn.ready.late"}),
        ("#.ready", {KEY}),
        ("turn.#.late", {"turn.ready.late"}),
        ("turn.*.*", {"turn.ready.late"}),
        ("", {""}),
    ],
)
def test_a_topic_pattern_takes_words(pattern: str, taken_keys: set[str]) -> None:
    keys = {KEY, "turn", "", "turn.ready.late"}

    assert {key for key in keys if matches(pattern, key)} == taken_keys
