"""Puts the teacher together."""

from contracts.topology import queue_of
from services.runtime.process import Frame, Intake, Part
from services.storage.engine import Database
from services.teacher.client import TeacherClient
from services.teacher.handler import Teacher
from services.teacher.metrics import TeacherMetrics


def assemble(frame: Frame, database: Database) -> Part:
    """The part of a process that asks the teacher."""
    client = TeacherClient()
    metrics = TeacherMetrics(frame.metrics)
    teacher = Teacher(database, frame.live, client, metrics, frame.wake_outbox)
    intake = Intake(queue=queue_of("teacher"), handler=teacher.handle)
    return Part(name="teacher", intakes=[intake], background=[client.run])
