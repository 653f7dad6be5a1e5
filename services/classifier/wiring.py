"""Puts the classifier together."""

from prometheus_client import Counter

from contracts.topology import queue_of
from services.classifier.handler import Classifier
from services.learning.slot import ModelSlot
from services.runtime.health import Probe
from services.runtime.process import Frame, Intake, Part
from services.storage.engine import Database

NAME = "classifier"


def assemble(frame: Frame, database: Database, slot: ModelSlot) -> Part:  # noqa: ARG001 - every service is assembled alike
    """The classifier reads no table: its model comes through ``slot``."""
    classified = Counter(
        "aprendiz_turns_classified",
        "Turns classified, by where they went and why.",
        ("route", "reason"),
        registry=frame.metrics.registry,
    )
    classifier = Classifier(frame.live, slot, classified)
    return Part(
        NAME,
        intakes=[Intake(queue_of(NAME), classifier.handle)],
        probes={"model": _probe(slot)},
    )


def _probe(slot: ModelSlot) -> Probe:
    async def ask() -> str | None:
        return slot.problem

    return ask
