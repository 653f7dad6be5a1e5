"""Looks whether a training is due, and sees one through: claimed, run, recorded, told."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from uuid import uuid4

import structlog

from services.retrainer import child
from services.retrainer.due import GiveUp, Train, Wait, attempts, decide
from services.retrainer.leased import leased
from services.retrainer.metrics import TrainingMetrics
from services.retrainer.order import Away, Better, OnProgress, Order, Outcome, Progress
from services.retrainer.record import Job, Record
from services.retrainer.releasing import release_confirmed
from services.retrainer.situation import Reader, Scene
from services.retrainer.steering import Steering
from services.runtime.waiting import woken
from services.storage import leases
from services.storage.engine import Database
from services.storage.errors import DatabaseAway, LeaseLost
from services.storage.leases import Lease
from services.storage.training import AUTOMATIC, Request, State, TrainingEnded

log = structlog.get_logger(__name__)

LEASE = "training"
LEASE_SECONDS = 30.0
ASK_EVERY = 60.0
"""Seconds after which the database is asked without being woken: others write there too."""
_REPORT_EVERY = 1.0

Learn = Callable[[Order, OnProgress], Coroutine[None, None, Outcome]]
"""Carries out an order; cancelling it ends the work."""


class Trainings:
    """The loop that trains; of several retrainers the one with the lease does."""

    def __init__(
        self,
        database: Database,
        key: bytes,
        models_dir: Path,
        *,
        steering: Steering,
        wake_outbox: Callable[[], None],
        metrics: TrainingMetrics,
        learn: Learn = child.carry_out,
        lease_seconds: float = LEASE_SECONDS,
        ask_seconds: float = ASK_EVERY,
    ) -> None:
        """``key`` signs models."""
        self._database = database
        self._key = key
        self._models_dir = models_dir
        self._steering = steering
        self._wake_outbox = wake_outbox
        self._metrics = metrics
        self._learn = learn
        self._lease_seconds = lease_seconds
        self._ask_seconds = ask_seconds
        self._reader = Reader(database, key)
        self._record = Record(database, key, models_dir, steering)
        self._holder = leases.this_process()
        self._woken = asyncio.Event()
        self._another_trains = False

    def wake(self) -> None:
        """Say that samples or requests were just stored."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Train whenever it is due, until ``stop``."""
        while not stop.is_set():
            self._woken.clear()
            if not await self.do_next(stop):
                # What another has begun may have died with it: its lease tells, soon after its end.
                soon = self._lease_seconds / 3 if self._another_trains else self._ask_seconds
                await woken(stop, self._woken, soon)

    async def do_next(self, stop: asyncio.Event) -> bool:
        """Do the next thing that is due, if any; False when there is nothing to do here."""
        scene = await self._scene()
        self._another_trains = False
        if isinstance(decide(scene.situation), Wait):
            return False
        async with leased(self._database, LEASE, self._holder, self._lease_seconds) as lease:
            if lease is None:
                self._another_trains = True
                return False
            try:
                return await self._act(lease, stop)
            except LeaseLost as error:
                log.warning("training given up", why=str(error))
            except TrainingEnded as error:
                log.info("training cancelled", why=str(error))
                self._metrics.ended(State.CANCELLED)
            return True

    async def _scene(self) -> Scene:
        settings = self._steering.settings()
        scene = await self._reader.read(settings.ml_auto_retrain_examples, settings.ml_idioma)
        new = scene.situation.new_samples
        self._metrics.new_samples.set(new)
        self._metrics.missing_samples.set(settings.until_training(new))
        return scene

    async def _act(self, lease: Lease, stop: asyncio.Event) -> bool:
        # Read again: whoever held the lease until now may have done it.
        scene = await self._scene()
        match decide(scene.situation):
            case Train(reason, found):
                asked = Request(
                    found.training_id if found else str(uuid4()),
                    (found and found.requested_by) or AUTOMATIC,
                )
                newest, attempt = scene.situation.newest_sample, attempts(found) + 1
                job = Job(lease, asked, reason, newest, attempt, scene.in_force, scene.mark)
                await self._train(job, scene, stop)
            case GiveUp(found, reason):
                await self._record.fail(lease, found, reason)
                self._metrics.ended(State.FAILED)
            case Wait():
                return False
        return True

    async def _train(self, job: Job, scene: Scene, stop: asyncio.Event) -> None:
        began = time.monotonic()
        await release_confirmed(self._database, self._steering.settings().ml_idioma)
        log.info("training begins", training=job.asked.training_id, why=job.reason)
        await self._record.begin(job, self._lease_seconds)
        outcome = await self._attended(job, self._order(job, scene), stop)
        if outcome is None or isinstance(outcome, Away):
            await self._record.give_back(job)
            if outcome is not None:
                raise DatabaseAway(outcome.reason)
            return
        ended = await self._record.end(job, outcome)
        self._metrics.ended(ended, time.monotonic() - began)
        log.info("training ended", training=job.asked.training_id, state=ended, why=outcome.reason)
        if isinstance(outcome, Better):
            self._wake_outbox()

    def _order(self, job: Job, scene: Scene) -> Order:
        settings, policy = self._steering.settings(), self._steering.policy_without_catalogue
        return Order(
            database_url=self._database.url.render_as_string(hide_password=False),
            key=self._key.hex(),
            models_dir=self._models_dir,
            up_to=job.up_to,
            comparable=scene.comparable,
            critical=scene.critical,
            decided=tuple(sorted(policy.decided)),
            target=policy.target,
            language=settings.ml_idioma,
            evidence_days=settings.ml_evidencia_dias,
            evidence_rows=settings.ml_evidencia_filas,
        )

    async def _attended(self, job: Job, order: Order, stop: asyncio.Event) -> Outcome | None:
        """Run the process while the lease is kept; None when we are asked to stop.

        Raises:
            LeaseLost: the process was ended, because another may run the same training.
            TrainingEnded: the process was ended, because the training was cancelled.
        """
        reports: list[Progress] = []
        learning = asyncio.create_task(self._learn(order, reports.append))
        keeping = asyncio.create_task(self._keep(job, reports))
        stopping = asyncio.create_task(stop.wait())
        counting = asyncio.create_task(self._count())
        tasks = (learning, keeping, stopping, counting)
        try:
            await asyncio.wait(tasks[:-1], return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                keeping.result()
            return learning.result() if learning.done() else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, job: Job, reports: list[Progress]) -> None:
        """Hold the lease, and write down how far it is, until the training is cancelled."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(min(_REPORT_EVERY, self._lease_seconds / 3))
            try:
                await self._record.require_running(job)
                if not reports and time.monotonic() - renewed < self._lease_seconds / 3:
                    continue
                newest = reports[-1] if reports else None
                reports.clear()
                await self._record.renew(job, self._lease_seconds, newest)
                renewed = time.monotonic()
            except DatabaseAway as error:
                log.warning("the training's lease cannot be renewed now", why=str(error))

    async def _count(self) -> None:
        """Tell the metrics which samples come meanwhile; what fails here ends no training."""
        while True:
            await asyncio.sleep(self._ask_seconds)
            try:
                await self._scene()
            except DatabaseAway as error:
                log.warning("new samples cannot be counted now", why=str(error))
            except Exception:
                log.exception("new samples cannot be counted now")
