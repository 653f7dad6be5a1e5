"""Puts the classifier together."""

from prometheus_client import Counter

from contracts.topology import queue_of
from services.classifier.handler import Classifier
from services.learning.certifying.slot import ModelSlot, TrustSlot
from services.runtime.health import Probe
from services.runtime.process import Frame, Intake, Part

NAME = "classifier"


def assemble(frame: Frame, slot: ModelSlot, trusted: TrustSlot) -> Part:
    """The classifier reads no table: model and trust come through their slots."""
    classified = Counter(
        "aprendiz_turns_classified",
        "Turns classified, by where they went and why; drawn ones go beside as route shadow.",
        ("route", "reason"),
        registry=frame.metrics.registry,
    )
    classifier = Classifier(trusted, slot, classified)
    return Part(
        NAME,
        intakes=[Intake(queue_of(NAME), classifier.handle)],
        probes={"model": _probe(slot)},
    )


def _probe(slot: ModelSlot) -> Probe:
    async def ask() -> str | None:
        return slot.problem

    return ask
