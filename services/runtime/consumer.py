"""The one road's loop: every queue of every service is consumed by this and nothing else."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from services.runtime.batch import Away, Road
from services.runtime.broker import Broker, BrokerAway, Delivery, Subscription, TopologyMismatch
from services.runtime.metrics import ConsumerMetrics
from services.runtime.policy import Errors, Rules, suspicion
from services.runtime.waiting import dismiss, pause, until_stop

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between two looks at a dependency that is away; doubled from the first to the longest."""

DRAIN = 20.0
"""Seconds that batches in hand are given to finish when the process is asked to stop."""


class Consumer:
    """Takes batches from a queue and sends them down the road, some at the same time.

    It begins with one message at a time: after a crash, whatever killed the process is at the
    head of the queue, and must be met alone, lest its neighbours share its delivery count. So it
    does after each outage, lest all that it has prefetched be returned again and again. A suspect
    is never handled beside another batch.

    Attributes:
        registered: whether the broker has this consumer now.
        refusal: why the queue is not consumed at all, until a person has mended it.
    """

    def __init__(
        self,
        queue: str,
        broker: Broker,
        road: Road,
        *,
        batch: int,
        in_flight: int,
        rules: Rules,
        metrics: ConsumerMetrics,
        probe: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """Keep the parts. ``probe`` raises for as long as something that is needed is away."""
        self.queue = queue
        self.registered = False
        self.refusal: str | None = None
        self._broker = broker
        self._road = road
        self._batch = batch
        self._in_flight = in_flight
        self._rules = rules
        self._waits_for: Errors = (Away, BrokerAway, *rules.away)
        self._metrics = metrics
        self._probe = probe
        self._cautious = True
        self._alone: asyncio.Task[None] | None = None
        self._pause = FIRST_PAUSE

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop``; whatever goes away is waited for, with growing pauses."""
        while not stop.is_set():
            try:
                await until_stop(stop, self._probe())
                if not stop.is_set():
                    await self._consume(stop)
            except TopologyMismatch as error:
                self.refusal = str(error)
                log.exception("not consumed: fix the queue and start again", queue=self.queue)
                return
            except self._waits_for as error:
                await self._wait_out(error, stop)

    async def _wait_out(self, error: BaseException, stop: asyncio.Event) -> None:
        log.warning("waiting", queue=self.queue, seconds=self._pause, why=str(error))
        self._metrics.away.set(1)
        self._cautious = True
        await pause(stop, self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _consume(self, stop: asyncio.Event) -> None:
        prefetch = 1 if self._cautious else self._batch * self._in_flight
        async with self._broker.subscribe(self.queue, prefetch=prefetch) as subscription:
            self.registered = True
            self._metrics.away.set(0)
            try:
                await self._serve(subscription, stop)
            finally:
                self.registered = False

    async def _serve(self, subscription: Subscription, stop: asyncio.Event) -> None:
        """Keep up to ``in_flight`` batches going; ends on stop, on Away and after caution."""
        cautious = self._cautious
        stopping = asyncio.ensure_future(stop.wait())
        taking = asyncio.ensure_future(subscription.take(self._batch))
        running: set[asyncio.Task[None]] = set()
        try:
            while not stop.is_set() and self._cautious is cautious:
                room = self._has_room(taking, running)
                waits: set[asyncio.Future[Any]] = {stopping, *running, *([taking] if room else ())}
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                running = _still_running(running)
                if taking.done() and self._has_room(taking, running):
                    running.add(self._begin(subscription, taking.result()))
                    taking = asyncio.ensure_future(subscription.take(self._batch))
        finally:
            await dismiss(taking, stopping)
            await _drain(running)

    def _has_room(
        self, taking: "asyncio.Future[list[Delivery]]", running: set["asyncio.Task[None]"]
    ) -> bool:
        if not running or self._alone in running:
            return not running
        if taking.done() and self._suspects(taking.result()):
            return False
        return len(running) < self._in_flight

    def _begin(self, subscription: Subscription, batch: list[Delivery]) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._take(subscription, batch))
        self._alone = task if self._suspects(batch) else None
        return task

    async def _take(self, subscription: Subscription, batch: list[Delivery]) -> None:
        await self._road.take(subscription, batch)
        self._pause = FIRST_PAUSE
        if not self._suspects(batch):
            self._cautious = False

    def _suspects(self, batch: list[Delivery]) -> bool:
        return any(suspicion(each.deliveries, self._rules) != "none" for each in batch)


def _still_running(tasks: set["asyncio.Task[None]"]) -> set["asyncio.Task[None]"]:
    """The tasks that are not done; raises what a done one raised."""
    for task in tasks:
        if task.done():
            task.result()
    return {task for task in tasks if not task.done()}


async def _drain(tasks: set["asyncio.Task[None]"]) -> None:
    """Let the batches in hand finish; what they leave unsettled goes back to the queue."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=DRAIN)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
