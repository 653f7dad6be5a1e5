"""The one road: every message ends in ack, retry or bury, and spoils no neighbour."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from contracts.envelope import Envelope
from contracts.topology import BURIED, MAX_DELIVERIES, SUSPECT_DELIVERIES, Topology
from services.runtime.batch import Result
from services.runtime.broker import (
    ATTEMPT,
    ERROR,
    REASON,
    SOURCE_QUEUE,
    Broker,
    Delivery,
    Listener,
    Outgoing,
    Subscription,
)
from services.runtime.policy import Refused, Rules
from tests.component.runtime.worker import (
    CAUSED_BY,
    Gone,
    Seen,
    Worker,
    cause_one,
    caused,
    name_of,
    sample,
    turn,
)
from tests.conformance.brokers import (
    QUEUE,
    TOPOLOGY,
    becomes,
    comes_true,
    everything,
    message,
    taken,
)
from tests.conformance.conftest import BrokerFactory


class Gated:
    """A broker whose confirms wait until the gate is opened; all else is the broker's own."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.asked.set()
        await self.gate.wait()
        await self._broker.publish(messages)

    async def connect(self) -> None:
        await self._broker.connect()

    async def declare(self, topology: Topology) -> None:
        await self._broker.declare(topology)

    def subscribe(self, queue: str, *, prefetch: int) -> AbstractAsyncContextManager[Subscription]:
        return self._broker.subscribe(queue, prefetch=prefetch)

    def listen(self, keys: Sequence[str]) -> AbstractAsyncContextManager[Listener]:
        return self._broker.listen(keys)

    async def depth(self, queue: str) -> int:
        return await self._broker.depth(queue)

    async def close(self) -> None:
        await self._broker.close()


def without(queue: str) -> Topology:
    """The topology, but for one queue."""
    return Topology(
        TOPOLOGY.exchanges,
        tuple(each for each in TOPOLOGY.queues if each.name != queue),
        tuple(each for each in TOPOLOGY.bindings if each.queue != queue),
    )


async def handed_out(broker: Broker, **times: int) -> None:
    """Publish turns of these names, and give each back so often."""
    await broker.publish([turn(name) for name in times])
    async with broker.subscribe(QUEUE, prefetch=len(times)) as subscription:
        while any(times.values()):
            for delivery in await subscription.take(len(times)):
                times[delivery.event_id] -= 1
                # The last time it is given back by leaving.
                if times[delivery.event_id]:
                    await subscription.release([delivery])


async def the_buried(broker: Broker, count: int = 1) -> list[Delivery]:
    async with broker.subscribe(BURIED, prefetch=100) as subscription:
        deliveries = await taken(subscription, count)
        await subscription.ack(deliveries)
    return deliveries


async def test_an_input_is_acked_only_after_what_it_caused_is_confirmed(
    broker: Broker, broker_factory: BrokerFactory
) -> None:
    await broker.publish([turn("one")])
    gated = Gated(await broker_factory())
    async with Worker(gated, cause_one) as worker:
        await gated.asked.wait()
        await gated.close()
        gated.gate.set()

        assert await worker.ends(done=1)
        assert worker.outcomes() == {"done": 1, "returned": 1}
    assert await everything(broker, CAUSED_BY, count=1) == caused("one")
    assert await broker.depth(QUEUE) == 0


async def test_only_the_input_whose_event_was_refused_is_not_acked(
    broker_factory: BrokerFactory,
) -> None:
    """Its queue is missing, so it goes back uncounted, and on once the topology is there."""
    broker = await broker_factory()
    await broker.declare(without(CAUSED_BY))
    there = asyncio.Event()

    async def one_causes(batch: Sequence[Envelope[Any]]) -> list[Result]:
        return [[sample("it")] if name_of(each) == "3" else [] for each in batch]

    async def probe() -> None:
        if there.is_set():
            await broker.declare(TOPOLOGY)

    await broker.publish([turn(f"{at}") for at in range(7)])
    async with Worker(broker, one_causes, probe=probe) as worker:
        assert await worker.ends(done=6)
        there.set()
        assert await worker.ends(done=7)
    assert await everything(broker, CAUSED_BY, count=1) == caused("3")
    assert await broker.depth(BURIED) == 0


async def test_a_raising_message_is_retried_on_the_ladder_and_its_neighbours_are_done_once(
    broker: Broker,
) -> None:
    failures = ["the shop's table is locked"]

    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        names = [name_of(each) for each in batch]
        if "bad" in names and (len(names) > 1 or failures):
            raise ValueError(failures.pop() if len(names) == 1 else "a bad batch")
        return await cause_one(batch)

    seen = Seen(handle)
    async with Worker(broker, seen) as worker:
        await broker.publish([turn("first")])
        assert await worker.ends(done=1)  # and so the rest comes as one batch
        await broker.publish([turn("one"), turn("bad"), turn("two")])
        assert await worker.ends(done=3, retried=1)
        assert await worker.ends(done=4, retried=1)
    assert seen.batches[-1] == ["bad"]
    found = await everything(broker, CAUSED_BY, count=4)
    assert sorted(found) == caused("first", "one", "bad", "two")
    assert await broker.depth(BURIED) == 0


async def test_what_can_never_pass_is_buried_with_its_reason_and_harms_no_neighbour(
    broker: Broker,
) -> None:
    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        refused = Refused("nobody listed that gateway")
        done = await cause_one(batch)
        pairs = zip(batch, done, strict=True)
        return [refused if name_of(each) == "refused" else one for each, one in pairs]

    bad = message("undecodable", body=b'{"type": "turn.ready", "id": \xff')
    deep = message("deep", body=b"[" * 100_000)
    await broker.publish([turn("one"), bad, turn("refused"), deep, turn("two")])
    async with Worker(broker, handle) as worker:
        assert await worker.ends(done=2, buried=3)
    assert sorted(await everything(broker, CAUSED_BY, count=2)) == caused("one", "two")
    buried = {each.event_id: each.headers for each in await the_buried(broker, 3)}
    reasons = {name: headers[REASON] for name, headers in buried.items()}
    assert reasons == {"undecodable": "invalid", "deep": "invalid", "refused": "refused"}
    assert buried["refused"][ERROR] == "nobody listed that gateway"
    assert buried["undecodable"][SOURCE_QUEUE] == QUEUE


async def test_an_answer_of_the_wrong_length_is_the_handlers_failure_and_kills_nothing(
    broker: Broker,
) -> None:
    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        return [*await cause_one(batch), []]

    await broker.publish([turn("one"), turn("two")])
    async with Worker(broker, handle, rules=Rules(ladder=())) as worker:
        assert await worker.ends(buried=2)
    assert await broker.depth(CAUSED_BY) == 0


async def test_what_still_fails_after_the_ladder_is_buried_with_its_attempts(
    broker: Broker,
) -> None:
    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        raise ValueError("again")

    await broker.publish([turn("last", aprendiz_attempt=3)])
    async with Worker(broker, handle) as worker:
        assert await worker.ends(buried=1)
    (buried,) = await the_buried(broker)
    kept = [buried.headers[name] for name in (REASON, ATTEMPT, ERROR, SOURCE_QUEUE)]
    assert kept == ["retries exhausted", 3, "again", QUEUE]


async def test_a_suspect_is_taken_alone_and_at_last_buried_unhandled(broker: Broker) -> None:
    await handed_out(broker, killer=MAX_DELIVERIES, suspect=SUSPECT_DELIVERIES)
    await broker.publish([turn("one"), turn("two")])
    seen = Seen()
    async with Worker(broker, seen) as worker:
        assert await worker.ends(done=3, buried=1)
    assert ["suspect"] in seen.batches
    assert "killer" not in seen.names
    assert [each.headers[REASON] for each in await the_buried(broker)] == ["delivered too often"]


async def test_what_is_away_costs_no_attempt_and_the_consumer_leaves_until_it_is_back(
    broker: Broker,
) -> None:
    gone = asyncio.Event()

    async def probe() -> None:
        if gone.is_set():
            raise Gone("the database is away")

    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        await probe()
        return await cause_one(batch)

    names = [f"{at}" for at in range(20)]
    async with Worker(broker, handle, probe=probe) as worker:
        await broker.publish([turn("first")])
        assert await worker.ends(done=1)
        gone.set()
        await broker.publish([turn(name) for name in names])

        async def waits() -> bool:
            waiting = worker.value("aprendiz_dependency_away") == 1
            return waiting and worker.outcomes().get("returned", 0) > 0

        assert await comes_true(waits)
        assert not worker.listens()
        assert await becomes(broker, QUEUE, 20)
        gone.clear()
        assert await worker.ends(done=21)
        assert worker.listens()
        assert worker.value("aprendiz_dependency_away") == 0
    assert sorted(await everything(broker, CAUSED_BY, count=21)) == caused("first", *names)


async def test_a_message_that_waited_often_is_not_taken_for_one_that_kills(
    broker: Broker,
) -> None:
    """One more return and its delivery count would bury it."""
    answers = [Gone("this table is locked")]

    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        if answers:
            raise answers.pop()
        return await cause_one(batch)

    await handed_out(broker, patient=MAX_DELIVERIES - 1)
    async with Worker(broker, handle) as worker:
        assert await worker.ends(done=1)
    assert await everything(broker, CAUSED_BY, count=1) == caused("patient")
    assert await broker.depth(BURIED) == 0


async def test_stopping_finishes_and_acks_what_is_in_hand_and_takes_nothing_more(
    broker: Broker,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        begun.set()
        await go_on.wait()
        return await cause_one(batch)

    await broker.publish([turn("in hand"), turn("later")])
    async with Worker(broker, handle, batch=1, in_flight=1) as worker:
        await begun.wait()
        worker.stop.set()
        await asyncio.sleep(0)
        assert not worker.task.done()
        go_on.set()
    assert await everything(broker, CAUSED_BY, count=1) == caused("in hand")
    assert await everything(broker, QUEUE, count=1) == ["later"]


async def test_no_more_batches_are_in_flight_than_allowed_and_a_suspect_is_alone_in_the_process(
    broker: Broker,
) -> None:
    together: list[list[list[str]]] = []
    now: list[list[str]] = []

    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        names = [name_of(each) for each in batch]
        now.append(names)
        together.append(list(now))
        await asyncio.sleep(0.1)
        now.remove(names)
        return await cause_one(batch)

    await handed_out(broker, calm=1, suspect=SUSPECT_DELIVERIES)
    await broker.publish([turn(f"{at}") for at in range(20)])
    async with Worker(broker, handle, batch=2, in_flight=3) as worker:
        assert await worker.ends(done=22)
    assert max(map(len, together)) in {2, 3}
    assert all(len(names) <= 2 for batches in together for names in batches)
    assert [batches for batches in together if ["suspect"] in batches] == [[["suspect"]]]


async def test_everything_is_counted(broker: Broker) -> None:
    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        return [[] if name_of(each) == "quiet" else [sample("a"), sample("b")] for each in batch]

    await broker.publish([turn("one"), turn("quiet"), message("bad", body=b"{}")])
    async with Worker(broker, handle) as worker:
        assert worker.value("aprendiz_messages_received_total") == 0
        assert await worker.ends(done=2, buried=1)
        assert worker.value("aprendiz_messages_in_process") == 0
    assert worker.value("aprendiz_messages_received_total") == 3
    assert worker.value("aprendiz_events_published_total") == 2
    assert worker.value("aprendiz_batch_duration_seconds_count") >= 1
    assert worker.value("aprendiz_last_message_timestamp_seconds") > 1_700_000_000
    assert await broker.depth(CAUSED_BY) == 2
