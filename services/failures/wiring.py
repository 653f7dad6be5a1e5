"""Puts the failures service together."""

from contracts.topology import BURIED
from services.failures.buried import read
from services.failures.handler import keeper
from services.failures.pruning import Pruning
from services.runtime.process import Frame, Intake, Part
from services.storage.engine import Database


def assemble(frame: Frame, database: Database) -> Part:
    """The part of a process that keeps buried messages, and forgets what is settled and old."""
    intake = Intake(queue=BURIED, handler=keeper(database), read=read, buries=False)
    return Part(name="failures", intakes=[intake], background=[Pruning(database, frame.live).run])
