"""Puts the conversations service together."""

from contracts.topology import queue_of
from services.conversations.counts import Counts
from services.conversations.handler import Conversations
from services.conversations.releasing import Releasing
from services.runtime.process import Frame, Intake, Part
from services.storage.engine import Database

NAME = "conversations"


def assemble(frame: Frame, database: Database) -> Part:
    """The service's queue and its clock."""
    counts = Counts(frame.metrics)
    releasing = Releasing(frame, database, counts)
    handler = Conversations(frame, database, releasing, counts)
    return Part(
        name=NAME,
        intakes=[Intake(queue_of(NAME), handler.handle)],
        background=[releasing.run],
    )
