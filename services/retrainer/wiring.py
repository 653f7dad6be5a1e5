"""Puts the retrainer together."""

from contracts.topology import queue_of
from services.retrainer.handler import Handler
from services.retrainer.looks import Looks
from services.retrainer.metrics import TrainingMetrics
from services.retrainer.steering import Steering
from services.retrainer.trainings import Trainings
from services.retrainer.trust_metrics import TrustMetrics
from services.runtime.keys import Keys
from services.runtime.process import Frame, Intake, Part
from services.storage import leases, versions
from services.storage.engine import Database

NAME = "retrainer"


def assemble(frame: Frame, database: Database, keys: Keys) -> Part:
    """The retrainer's part of a process."""
    steering = Steering(lambda: frame.live.settings)
    seen = TrustMetrics(frame.metrics.registry)
    looks = Looks(database, leases.this_process(), steering, frame.wake_outbox, seen)
    trainings = Trainings(
        database,
        keys.signing,
        frame.settings.models_dir,
        steering=steering,
        wake_outbox=frame.wake_outbox,
        metrics=TrainingMetrics(frame.metrics.registry),
    )

    def wake() -> None:
        trainings.wake()
        looks.wake()

    async def follow() -> None:
        wake()

    handler = Handler(database, frame.live, wake)
    return Part(
        NAME,
        intakes=[Intake(queue_of(NAME), handler.handle)],
        background=[trainings.run, looks.run],
        follows=dict.fromkeys((versions.MODEL, versions.CATALOGUE, versions.SETTINGS), follow),
    )
