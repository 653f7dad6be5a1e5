"""Puts the retrainer together."""

from contracts.topology import queue_of
from services.retrainer.handler import Handler
from services.retrainer.metrics import TrainingMetrics
from services.retrainer.trainings import Trainings
from services.runtime.keys import Keys
from services.runtime.process import Frame, Intake, Part
from services.storage.engine import Database

NAME = "retrainer"


def assemble(frame: Frame, database: Database, keys: Keys) -> Part:
    """The retrainer's part of a process."""
    trainings = Trainings(
        database,
        keys.signing,
        frame.settings.models_dir,
        wanted=lambda: frame.live.settings.ml_auto_retrain_examples,
        wake_outbox=frame.wake_outbox,
        metrics=TrainingMetrics(frame.metrics.registry),
    )
    handler = Handler(database, frame.live, trainings.wake)
    return Part(
        NAME,
        intakes=[Intake(queue_of(NAME), handler.handle)],
        background=[trainings.run],
    )
