"""Buried messages reach the table once, and go back to their queue when a person says so."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from contracts.envelope import Envelope
from contracts.topology import BURIED, build
from services.failures.buried import read
from services.failures.handler import keeper
from services.failures.retrying import retry
from services.runtime.batch import Result, Road
from services.runtime.broker import ATTEMPT, ORIGINAL_KEY, Broker, Delivery, HeaderValue, Outgoing
from services.runtime.embedded import EmbeddedBroker
from services.runtime.metrics import ConsumerMetrics, Metrics
from services.runtime.policy import Rules
from services.storage import failures
from services.storage.engine import Database
from services.storage.failures import Failure
from services.storage.tables import auditoria

TURNS = "aprendiz.classifier"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    embedded = EmbeddedBroker(tmp_path / "broker.sqlite")
    await embedded.connect()
    await embedded.declare(build(["simulador"]))
    yield embedded
    await embedded.close()


async def take(broker: Broker, queue: str) -> Delivery:
    async with broker.subscribe(queue, prefetch=1) as subscription, asyncio.timeout(5):
        [delivery] = await subscription.take(1)
        await subscription.ack([delivery])
    return delivery


async def bury(broker: Broker, body: bytes) -> None:
    """Let a turn fail for good in the classifier."""
    await broker.publish([Outgoing("turn.ready", body, "e-1", "turn.ready")])
    async with broker.subscribe(TURNS, prefetch=1) as subscription:
        [delivery] = await subscription.take(1)
        await subscription.bury(delivery, "invalid", "no es JSON: 🤷")


async def keep_buried(broker: Broker, database: Database) -> None:
    """Take what is buried down the one road, as the service does."""
    metrics = ConsumerMetrics(Metrics(CollectorRegistry()), "failures")
    road = Road("failures", broker, keeper(database), Rules(buries=False), metrics, read)
    async with broker.subscribe(BURIED, prefetch=64) as subscription, asyncio.timeout(5):
        await road.take(subscription, await subscription.take(64))


async def refuses(batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
    raise ValueError("the table does not take it")


async def all_failures(database: Database) -> list[Failure]:
    async with database.read() as connection:
        return await failures.listed(connection, state=None, limit=100)


def lying(body: bytes, *, event_id: str = "e-1", attempts: int = 3) -> Delivery:
    headers: dict[str, HeaderValue] = {
        "aprendiz-reason": "retries exhausted",
        "aprendiz-queue": TURNS,
        "aprendiz-error": "boom",
        ATTEMPT: attempts,
    }
    return Delivery(BURIED, "turn.ready", body, headers, event_id, 0, 1)


@pytest.mark.parametrize("body", ["¿hay pan? 🥖".encode(), b"\xff\x00\xfe", b""])
async def test_a_poison_message_is_kept_with_its_reason_and_its_bytes(
    database: Database, broker: Broker, body: bytes
) -> None:
    await bury(broker, body)
    await keep_buried(broker, database)
    [found] = await all_failures(database)
    assert (found.reason, found.error, found.body) == ("invalid", "no es JSON: 🤷", body)
    assert (found.source_queue, found.routing_key) == (TURNS, "turn.ready")
    assert (found.state, found.attempts) == ("buried", 0)


async def test_a_batch_that_comes_twice_is_kept_once(database: Database) -> None:
    batch = [read(lying(b"a")), read(lying(b"b")), read(lying(b"a"))]
    keep = keeper(database)
    assert await keep(batch) == [(), (), ()]
    await keep(batch)
    assert sorted(each.body for each in await all_failures(database)) == [b"a", b"b"]


async def test_a_retried_message_reaches_its_own_queue_alone_and_counts_from_zero(
    database: Database, broker: Broker
) -> None:
    await bury(broker, b"{")
    await keep_buried(broker, database)
    [kept] = await all_failures(database)
    assert (await retry(database, broker, [kept.id], "ana")).ids == [kept.id]
    again = await take(broker, TURNS)
    assert (again.body, again.routing_key, again.attempt) == (b"{", "turn.ready", 0)
    assert again.event_id == "e-1"
    assert await broker.depth("aprendiz.conversations") == 0
    [settled] = await all_failures(database)
    assert settled.state == "retried"
    assert settled.settled_at is not None


async def test_a_retried_message_that_fails_again_is_a_new_failure(
    database: Database, broker: Broker
) -> None:
    await bury(broker, b"{")
    await keep_buried(broker, database)
    [first] = await all_failures(database)
    await retry(database, broker, [first.id], "ana")
    async with broker.subscribe(TURNS, prefetch=1) as subscription:
        [delivery] = await subscription.take(1)
        await subscription.bury(delivery, "invalid", "still no JSON")
    await keep_buried(broker, database)
    states = [(each.error, each.state) for each in await all_failures(database)]
    assert states == [("still no JSON", "buried"), ("no es JSON: 🤷", "retried")]


async def test_a_retry_is_refused_in_words(database: Database, broker: Broker) -> None:
    nowhere = Delivery(BURIED, BURIED, b"?", {}, "", 0, 1)
    gone = lying(b"x")
    gone.headers["aprendiz-queue"] = "aprendiz.of-last-year"  # type: ignore[index]  # a dict here
    await keeper(database)([read(nowhere), read(gone)])
    ids = {each.body: each.id for each in await all_failures(database)}
    outcome = await retry(database, broker, [*ids.values(), 999], "ana")
    assert outcome.ids == []
    assert "drop it" in outcome.refused[ids[b"?"]]
    assert "aprendiz.of-last-year" in outcome.refused[ids[b"x"]]
    assert outcome.refused[999] == "it is not buried (any more)"
    assert {each.state for each in await all_failures(database)} == {"buried"}


async def test_what_was_dropped_and_is_buried_once_more_is_open_again(database: Database) -> None:
    keep = keeper(database)
    await keep([read(lying(b"a"))])
    [kept] = await all_failures(database)
    async with database.begin() as connection:
        assert await failures.drop(connection, [kept.id], "ana") == [kept.id]
        assert await failures.drop(connection, [kept.id], "ana") == []
    assert {each.state for each in await all_failures(database)} == {"dropped"}
    await keep([read(lying(b"a"))])
    [found] = await all_failures(database)
    assert (found.id, found.state, found.settled_at) == (kept.id, "buried", None)


async def test_every_change_is_in_the_audit(database: Database, broker: Broker) -> None:
    await keeper(database)([read(lying(b"{\xff")), read(lying(b"{}"))])
    dropped, retried = sorted(each.id for each in await all_failures(database))
    async with database.begin() as connection:
        await failures.drop(connection, [dropped], "ana")
    await retry(database, broker, [retried], "luis")
    assert (await take(broker, TURNS)).headers[ORIGINAL_KEY] == "turn.ready"
    async with database.read() as connection:
        rows = await connection.execute(select(auditoria).order_by(auditoria.c.id))
        changes = [(row.who, row.what, row.target, row.before, row.after) for row in rows]
    assert changes == [
        ("ana", "failure", str(dropped), "buried", "dropped"),
        ("luis", "failure", str(retried), "buried", "retried"),
    ]


async def test_the_list_is_read_page_by_page(database: Database) -> None:
    await keeper(database)([read(lying(bytes([number]))) for number in range(5)])
    async with database.read() as connection:
        first = await failures.listed(connection, limit=3)
        second = await failures.listed(connection, limit=3, before=first[-1].id)
        assert await failures.get(connection, first[0].id) == first[0]
        assert await failures.get(connection, 999) is None
    ids = [each.id for each in first + second]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5


async def test_retry_marks_only_what_the_broker_has_confirmed(
    database: Database, broker: Broker
) -> None:
    await keeper(database)([read(lying(b"good"))])
    bad = lying(b"bad")
    bad.headers["aprendiz-queue"] = "aprendiz.nobody"  # type: ignore[index]  # a dict here
    await keeper(database)([read(bad)])
    ids = {each.body: each.id for each in await all_failures(database)}
    outcome = await retry(database, broker, list(ids.values()), "ana")
    assert outcome.ids == [ids[b"good"]]
    states = {each.body: each.state for each in await all_failures(database)}
    assert states == {b"good": "retried", b"bad": "buried"}


async def test_what_cannot_be_kept_waits_on_the_ladder_and_is_never_buried_twice(
    broker: Broker,
) -> None:
    await bury(broker, b"{")
    metrics = ConsumerMetrics(Metrics(CollectorRegistry()), "failures")
    road = Road("failures", broker, refuses, Rules(buries=False), metrics, read)
    async with broker.subscribe(BURIED, prefetch=64) as subscription, asyncio.timeout(5):
        await road.take(subscription, await subscription.take(64))
    assert await broker.depth("aprendiz.retry.5s") == 1
    assert await broker.depth(BURIED) == 0
