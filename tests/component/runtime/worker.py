"""A consumer of the classifier's queue with a handler that the test writes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self

from prometheus_client import CollectorRegistry

from contracts.codec import encode
from contracts.envelope import Envelope, caused_id, originate
from contracts.events import Author, Event, SampleRecorded
from services.runtime.batch import Handler, Result, Road
from services.runtime.broker import Broker, Outgoing
from services.runtime.consumer import Consumer
from services.runtime.metrics import ConsumerMetrics, Metrics
from services.runtime.policy import Rules
from tests.conformance.brokers import KEY, QUEUE, comes_true
from tests.turns import turn_of

SERVICE = "classifier"
CAUSED = SampleRecorded.TYPE
CAUSED_BY = "aprendiz.retrainer"
"""The only queue that takes what ``cause_one`` returns."""


class Gone(ConnectionError):
    """What an adapter would name as away."""


RULES = Rules().also_away(Gone)


def name_of(envelope: Envelope[Any]) -> str:
    """The name that ``turn`` was given."""
    return str(envelope.data.turn_id)


def turn(name: str, **headers: int) -> Outgoing:
    """A turn to be handled."""
    envelope = originate(turn_of("hola", turn_id=name), source="/test", given_id=name)
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Outgoing(KEY, encode(envelope), event_id=name, event_type=KEY, headers=named)


def sample(name: str) -> SampleRecorded:
    """An event that a turn of this name may cause."""
    return SampleRecorded(text=name, intent="saludo", labelled_by=Author.TEACHER)


def caused(*names: str) -> list[str]:
    """The ids of the samples that these turns cause, however often they are handled."""
    ids = [originate(turn_of("hola"), source="/test", given_id=name).id for name in names]
    return sorted(caused_id(each, CAUSED, 0) for each in ids)


async def cause_one(batch: Sequence[Envelope[Any]]) -> list[Result]:
    """Cause a sample each."""
    return [[sample(name_of(envelope))] for envelope in batch]


async def cause_nothing(batch: Sequence[Envelope[Any]]) -> list[Result]:
    """Be done with every message."""
    return [list[Event]() for _ in batch]


class Seen:
    """A handler around another that notes the names of every batch before it is handled."""

    def __init__(self, handler: Handler = cause_one) -> None:
        self.batches: list[list[str]] = []
        self._handler = handler

    async def __call__(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        self.batches.append([name_of(envelope) for envelope in batch])
        return await self._handler(batch)

    @property
    def names(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


class Worker:
    """A consumer that runs for the length of the context."""

    def __init__(
        self,
        broker: Broker,
        handler: Handler,
        *,
        rules: Rules = RULES,
        probe: Callable[[], Awaitable[None]] | None = None,
        batch: int = 64,
        in_flight: int = 2,
    ) -> None:
        self._registry = CollectorRegistry()
        self._probe = probe
        self._broker = broker
        metrics = ConsumerMetrics(Metrics(self._registry), SERVICE)
        self.stop = asyncio.Event()
        self.consumer = Consumer(
            QUEUE,
            broker,
            Road(SERVICE, broker, handler, rules, metrics),
            batch=batch,
            in_flight=in_flight,
            rules=rules,
            metrics=metrics,
            probe=self._ask,
        )

    def listens(self) -> bool:
        """Whether the broker hands it messages now."""
        return self.consumer.registered

    async def _ask(self) -> None:
        await self._broker.connect()
        if self._probe is not None:
            await self._probe()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.consumer.run(self.stop))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop.set()
        async with asyncio.timeout(25):
            await self.task

    def outcomes(self) -> dict[str, int]:
        """How many messages ended how; what never happened is left out."""
        counts = {
            outcome: int(self.value("aprendiz_messages_processed_total", outcome=outcome))
            for outcome in ("done", "retried", "buried", "returned")
        }
        return {outcome: count for outcome, count in counts.items() if count}

    def value(self, name: str, **labels: str) -> float:
        """A metric of this consumer."""
        value = self._registry.get_sample_value(name, {"service": SERVICE, **labels})
        assert value is not None, f"there is no metric {name}"
        return value

    async def ends(self, **outcomes: int) -> bool:
        """Whether the messages come to end so; 'returned' counts only where it is asked for."""

        async def is_so() -> bool:
            return self._of(outcomes) == outcomes

        assert await comes_true(is_so), f"{self.outcomes()} instead of {outcomes}"
        return True

    def _of(self, outcomes: dict[str, int]) -> dict[str, int]:
        now = self.outcomes()
        return now if "returned" in outcomes else {k: n for k, n in now.items() if k != "returned"}
