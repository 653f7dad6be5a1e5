"""Puts the failures service together."""

from contracts.topology import BURIED
from services.failures.buried import read
from services.failures.handler import keeper
from services.runtime.process import Frame, Intake, Part
from services.storage.engine import Database


def assemble(frame: Frame, database: Database) -> Part:  # noqa: ARG001 - every service's signature
    """The part of a process that keeps buried messages."""
    intake = Intake(queue=BURIED, handler=keeper(database), read=read, buries=False)
    return Part(name="failures", intakes=[intake])
