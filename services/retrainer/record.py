"""Writes down what becomes of a training; who lost the lease writes nothing."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from contracts.envelope import originate
from contracts.events import ModelPromoted
from contracts.manifest import Manifest
from contracts.topology import source_of
from services.learning.artifact import ArtifactError, read, verify
from services.learning.certifying.trust import after_promotion
from services.retrainer.order import Better, Impossible, Progress, Worse
from services.retrainer.standing import count_graded, put_in_force, standing_of
from services.retrainer.steering import Steering
from services.storage import certificates, leases, models, outbox, training
from services.storage.engine import Database, Transaction
from services.storage.leases import Lease
from services.storage.models import AnotherInForce
from services.storage.outbox import NewRow
from services.storage.training import Request, State, Training, TrainingEnded

KEPT_MODELS = 5
"""Files of so many models stay in the database, beside the champion's and the one before."""


@dataclass(frozen=True, slots=True)
class Job:
    """A training that is run here, under this lease."""

    lease: Lease
    asked: Request
    reason: str
    """Why it was begun."""
    up_to: int
    """The newest sample that it learns from."""
    attempt: int
    in_force: str | None
    """The model that was in force when it was found to be due."""
    mark: str = ""
    """Names the set of intents that it saw: the same set is not trained for again by itself."""

    @property
    def details(self) -> dict[str, Any]:
        """What the history shows from the beginning."""
        return {
            "begun": self.reason,
            "attempts": self.attempt,
            "intents": self.mark,
            "lease": self.lease.token,
        }


class Record:
    """The training's rows in the database.

    Every method raises LeaseLost before it writes, and TrainingEnded when the training was
    cancelled: then nothing of it is written either.
    """

    def __init__(
        self, database: Database, key: bytes, models_dir: Path, steering: Steering
    ) -> None:
        """``models_dir`` is where the training's process leaves its model."""
        self._database = database
        self._key = key
        self._models_dir = models_dir
        self._steering = steering

    async def begin(self, job: Job, seconds: float) -> None:
        """Note that it runs; another model must not have come into force since it was found due.

        The lease is held for so many seconds from now on.
        """
        async with self._database.begin() as connection:
            await leases.renew(connection, job.lease, seconds)
            if await models.alias(connection, models.CHAMPION) != job.in_force:
                raise TrainingEnded("another model was put in force before it began")
            await training.begin(connection, job.asked, job.up_to, job.details)

    async def require_running(self, job: Job) -> None:
        """Raises TrainingEnded when it was cancelled; writes nothing."""
        async with self._database.read() as connection:
            found = await training.get(connection, job.asked.training_id)
        if found is None or found.state != State.RUNNING:
            raise TrainingEnded((found and found.reason) or "its row is gone")

    async def renew(self, job: Job, seconds: float, progress: Progress | None) -> None:
        """Note how far it is; the lease is held for so many more seconds."""
        async with self._database.begin() as connection:
            await leases.renew(connection, job.lease, seconds)
            if progress is not None:
                details = job.details | {"stage": progress.stage, "progress": progress.share}
                await training.note(connection, job.asked.training_id, details)

    async def give_back(self, job: Job) -> None:
        """Let another run it: it was not its fault that it ended here."""
        async with self._database.begin() as connection:
            await leases.confirm(connection, job.lease)
            details = job.details | {"attempts": job.attempt - 1}
            await training.give_back(connection, job.asked.training_id, details)

    async def fail(self, lease: Lease, given_up: Training, reason: str) -> None:
        """Note that it is not begun again."""
        async with self._database.begin() as connection:
            await leases.confirm(connection, lease)
            await training.finish(
                connection, given_up.training_id, State.FAILED, reason, given_up.details
            )

    async def end(self, job: Job, outcome: Better | Worse | Impossible) -> State:
        """Note how it ended, and return the state; a better model is then in force."""
        if isinstance(outcome, Better):
            try:
                manifest, file = await asyncio.to_thread(self._model, outcome.version)
            except ArtifactError as error:
                broken = Impossible(reason=f"Failed: the new model was not readable: {error}")
                return await self._close(job, broken)
            try:
                await self._promote(job, outcome, manifest, file)
            except AnotherInForce as error:
                return await self._cancel(job, str(error))
            return State.PROMOTED
        return await self._close(job, outcome)

    async def _close(self, job: Job, outcome: Worse | Impossible) -> State:
        """It ended without a new model."""
        state = State.REFUSED if isinstance(outcome, Worse) else State.FAILED
        async with self._database.begin() as connection:
            await leases.confirm(connection, job.lease)
            reached = await _reached(connection, job)
            await training.finish(
                connection,
                job.asked.training_id,
                state,
                outcome.reason,
                reached | (outcome.deltas if isinstance(outcome, Worse) else {}),
                samples=outcome.samples if isinstance(outcome, Worse) else None,
            )
        return state

    async def _cancel(self, job: Job, reason: str) -> State:
        async with self._database.begin() as connection:
            await leases.confirm(connection, job.lease)
            reached = await _reached(connection, job)
            await training.finish(
                connection, job.asked.training_id, State.CANCELLED, reason, reached
            )
        return State.CANCELLED

    async def _promote(self, job: Job, better: Better, manifest: Manifest, file: bytes) -> None:
        asked = job.asked
        async with self._database.begin() as connection:
            await leases.confirm(connection, job.lease)
            await models.store(connection, manifest, file)
            before = await models.promote(
                connection, manifest.version, asked.requested_by, job.lease,
                instead_of=job.in_force,
            )  # fmt: skip
            await training.finish(
                connection,
                asked.training_id,
                State.PROMOTED,
                better.reason,
                job.details | better.deltas | {"progress": 1.0},
                samples=better.samples,
                version=manifest.version,
            )
            await outbox.add(connection, [_promoted(asked.training_id, manifest, before)])
            await self._renew_trust(connection, better)
            await models.forget_old(connection, KEPT_MODELS)

    async def _renew_trust(self, transaction: Transaction, better: Better) -> None:
        before = standing_of(await certificates.to_replace(transaction))
        policy = self._steering.policy_without_catalogue
        graded = await count_graded(transaction, self._steering.settings())
        # The operator may have raised the target meanwhile: this threshold was not chosen for that.
        for_then = replace(policy, target=min(better.target, policy.target))
        renewed = after_promotion(before, better.provisional, for_then, graded)
        # Lowered or raised: whoever puts this model in force again is told what it was chosen for.
        renewed = replace(renewed, chosen_for=better.target)
        await put_in_force(
            transaction, renewed, policy, graded, model_version=better.version,
            cause=certificates.PROMOTION,
        )  # fmt: skip

    def _model(self, version: str) -> tuple[Manifest, bytes]:
        manifest, file = read(self._models_dir / version)
        verify(manifest, file, self._key)
        return manifest, file


async def _reached(transaction: Transaction, job: Job) -> dict[str, Any]:
    """The job's details, and how far it was when that was noted last."""
    found = await training.get(transaction, job.asked.training_id)
    noted = found.details if found else {}
    return job.details | {"progress": noted.get("progress", 0.0)}


def _promoted(training_id: str, manifest: Manifest, before: str | None) -> NewRow:
    event = ModelPromoted(version=manifest.version, digest=manifest.digest, previous=before)
    # Named after its training, so that recording the same end twice is one event.
    given_id = str(uuid5(NAMESPACE_URL, f"aprendiz:training:{training_id}:promoted"))
    envelope = originate(event, source=source_of("retrainer"), given_id=given_id)
    return NewRow.of(envelope)
