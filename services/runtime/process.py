"""A process: one or more services on one broker connection, from the first connect to SIGTERM."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts import topology
from services.runtime.batch import Handler, Reader, Road, read_event
from services.runtime.broker import Broker, TopologyMismatch
from services.runtime.consumer import Consumer
from services.runtime.follower import Callback, Follower, Versions
from services.runtime.health import Outside, Probe, health_app, probe_of, readiness
from services.runtime.http import serve
from services.runtime.keeping import Background, Kept
from services.runtime.link import Link
from services.runtime.live import Live
from services.runtime.metrics import ConsumerMetrics, Metrics
from services.runtime.outbox import Outbox
from services.runtime.policy import Rules
from services.runtime.settings import Settings


@dataclass(frozen=True)
class Frame:
    """What every service is given to stand in."""

    settings: Settings
    live: Live
    broker: Broker
    metrics: Metrics
    wake_outbox: Callable[[], None]
    """To be called after a transaction that wrote an outbox row has committed."""


@dataclass(frozen=True)
class Intake:
    """A queue and who handles what comes from it."""

    queue: str
    handler: Handler
    read: Reader = read_event
    buries: bool = True


@dataclass(frozen=True)
class Part:
    """What a service brings to its process."""

    name: str
    intakes: Sequence[Intake] = ()
    background: Sequence[Background] = ()
    """Each runs until the event it is given is set."""
    follows: Mapping[str, Callback] = field(default_factory=dict)
    """What to do when a version of the database has moved: settings, model, catalogue, trust."""
    probes: Mapping[str, Probe] = field(default_factory=dict)
    url: str | None = None
    """Where it serves people, if it does."""


@dataclass(frozen=True)
class Dependencies:
    """What is outside the process, as the composition root has opened it."""

    link: Link
    ping: Callable[[], Awaitable[None]]
    """Raises what ``rules`` know as away while the database is."""
    versions: Versions
    rules: Rules
    outbox: Outbox

    @property
    def outside(self) -> Outside:
        """How broker and database are asked."""
        return Outside(self.link.ask, probe_of(self.ping, self.rules.away))


class Process:
    """Runs the parts until it is asked to stop."""

    def __init__(self, frame: Frame, parts: Sequence[Part], dependencies: Dependencies) -> None:
        """Build every consumer; nothing is opened yet."""
        self.frame = frame
        self.parts = parts
        self.dependencies = dependencies
        self.consumers = [
            self._consumer(part.name, intake) for part in parts for intake in part.intakes
        ]
        self._follower = self._following()
        self._kept = [Kept(run, dependencies.rules.away) for run in self._background()]

    def _following(self) -> Follower:
        follows = [each for part in self.parts for each in part.follows.items()]
        given = self.dependencies
        return Follower(given.versions, follows, self.frame.broker, given.rules.away)

    def _background(self) -> list[Background]:
        own = [run for part in self.parts for run in part.background]
        return [*own, self._follower.run, self.dependencies.outbox.run]

    def _consumer(self, name: str, intake: Intake) -> Consumer:
        row = topology.service(name)
        rules = replace(self.dependencies.rules, buries=intake.buries)
        metrics = ConsumerMetrics(self.frame.metrics, name)
        broker = self.frame.broker
        return Consumer(
            intake.queue,
            broker,
            Road(name, broker, intake.handler, rules, metrics, intake.read),
            batch=row.batch,
            in_flight=row.in_flight,
            rules=rules,
            metrics=metrics,
            probe=lambda: self._probe(intake.queue),
        )

    async def _probe(self, queue: str) -> None:
        try:
            await self.dependencies.link.reach()
        except TopologyMismatch as error:
            if queue in error.items:
                raise
        await self.dependencies.ping()
        # What has waited while nobody ran must not meet a process that has no model in force yet.
        await self._follower.looked.wait()

    @property
    def url(self) -> str | None:
        """Where people can look at it with a browser; None without the panel."""
        return next((part.url for part in self.parts if part.url), None)

    def probes(self) -> dict[str, Probe]:
        """Everything that ``/readyz`` asks."""
        own: dict[str, Probe] = self.dependencies.outside._asdict()
        for consumer in self.consumers:
            own[consumer.queue] = _registration(consumer)
        for kept in self._kept:
            own[kept.name] = kept.ask
        for part in self.parts:
            own.update(part.probes)
        return own

    async def away(self) -> dict[str, str]:
        """What the process still waits for, by probe; empty when it is ready."""
        return await readiness(self.probes())

    async def run(self, stop: asyncio.Event, health: socket.socket | None = None) -> None:
        """Run until ``stop``: then take nothing more, finish what is in hand, and leave."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for consumer in self.consumers:
                    tasks.create_task(consumer.run(stop))
                tasks.create_task(self.dependencies.link.run(stop))
                for kept in self._kept:
                    tasks.create_task(kept.run(stop))
                if health is not None:
                    app = health_app(self.probes(), self.frame.metrics.registry)
                    tasks.create_task(serve(app, health, stop))
        finally:
            await self.frame.broker.close()


def _registration(consumer: Consumer) -> Probe:
    async def ask() -> str | None:
        if consumer.registered:
            return None
        return consumer.refusal or (
            "not registered with the broker: it is away or was just lost, or settings and model "
            "are still being read"
        )

    return ask


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return stop
