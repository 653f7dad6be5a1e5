"""The classifier takes a batch with one model and one trust, and the next with newer ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from contracts.events import Event, IntentClassified, Kind, Reason, Route
from services.classifier.wiring import assemble
from services.learning.certifying.slot import NOT_READ, ModelSlot, TrustSlot
from services.learning.certifying.trust import GradedCount, Policy, Standing, trust
from services.learning.student import Guess, Prediction
from services.runtime.batch import Handler
from services.runtime.embedded import EmbeddedBroker
from services.runtime.live import Live
from services.runtime.metrics import Metrics
from services.runtime.process import Frame, Part
from services.runtime.settings import Settings
from tests.turns import caused, envelope_of, turn_of


@dataclass
class Parrot:
    """A student that always says the same, and remembers how it was asked."""

    version: str
    intent: str = "precio"
    confidence: float = 0.9
    intents: tuple[str, ...] = ("precio", "catalogo")
    asked: list[list[str]] = field(default_factory=list)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.asked.append(list(texts))
        others = (Guess("catalogo", 1 - self.confidence),)
        return [Prediction(self.intent, self.confidence, others) for _ in texts]


class Stand:
    """A classifier as a process assembles it, without one."""

    def __init__(self, frame: Frame) -> None:
        self.registry = frame.metrics.registry
        self.slot, self.trusted = ModelSlot(), TrustSlot()
        self.part: Part = assemble(frame, self.slot, self.trusted)
        self.handle: Handler = self.part.intakes[0].handler

    def threshold(self, share: float) -> None:
        self.trusted.trust = trust(
            Standing(), Policy(threshold=share, has_teacher=False), GradedCount(0, 0)
        )

    async def classify(self, *turns: Event) -> list[IntentClassified]:
        batch = [envelope_of(turn, given_id=str(place)) for place, turn in enumerate(turns)]
        results = await self.handle(batch)
        return [cast("IntentClassified", one) for [one] in map(caused, results)]


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    broker = EmbeddedBroker(tmp_path / "broker.sqlite")
    frame = Frame(Settings(), Live(), broker, Metrics(CollectorRegistry()), lambda: None)
    return Stand(frame)


async def test_a_batch_is_predicted_at_once_over_the_turns_that_have_text(stand: Stand) -> None:
    student = Parrot("v1")
    stand.slot.swap(student)
    events = await stand.classify(
        turn_of("hola", "cuanto vale?"), turn_of(None, kinds=(Kind.IMAGE,)), turn_of("precio")
    )
    assert student.asked == [["hola\ncuanto vale?", "precio"]]
    assert [each.reason for each in events] == [
        Reason.ACCEPTED,
        Reason.UNSUPPORTED_KIND,
        Reason.ACCEPTED,
    ]


async def test_a_batch_without_text_does_not_trouble_the_student(stand: Stand) -> None:
    student = Parrot("v1")
    stand.slot.swap(student)
    [event] = await stand.classify(turn_of(None, kinds=(Kind.AUDIO,)))
    assert student.asked == []
    assert event.reason is Reason.UNSUPPORTED_KIND


@pytest.mark.parametrize("kind", [Kind.BUTTON, Kind.LIST])
async def test_what_a_button_or_a_list_says_is_text(stand: Stand, kind: Kind) -> None:
    stand.slot.swap(Parrot("v1"))
    [event] = await stand.classify(turn_of("Ver precios", kinds=(kind,)))
    assert event.route is Route.CONFIDENT


async def test_a_new_model_and_a_new_threshold_rule_the_next_batch(stand: Stand) -> None:
    stand.slot.swap(Parrot("v1", confidence=0.8))
    [first] = await stand.classify(turn_of("precio"))
    stand.threshold(0.805)
    [second] = await stand.classify(turn_of("precio"))
    stand.slot.swap(Parrot("v2", confidence=0.9))
    [third] = await stand.classify(turn_of("precio"))
    assert [
        (each.route, each.model_version, each.threshold) for each in (first, second, third)
    ] == [
        (Route.CONFIDENT, "v1", 0.8),
        (Route.UNSURE, "v1", 0.805),
        (Route.CONFIDENT, "v2", 0.805),
    ]


async def test_a_model_that_comes_in_mid_batch_waits_for_the_next(stand: Stand) -> None:
    class Swapping(Parrot):
        def predict(self, texts: Sequence[str]) -> list[Prediction]:
            stand.slot.swap(Parrot("v2"))
            stand.threshold(0.99)
            return super().predict(texts)

    stand.slot.swap(Swapping("v1"))
    events = await stand.classify(turn_of("precio"), turn_of("cuanto?"))
    assert {(each.model_version, each.threshold) for each in events} == {("v1", 0.8)}


async def test_a_drawn_turn_causes_its_shadow_too_and_both_are_counted(stand: Stand) -> None:
    stand.slot.swap(Parrot("v1"))
    stand.trusted.trust = trust(
        Standing(was_certified=True), Policy(share=1.0), GradedCount(300, 300)
    )
    [result] = await stand.handle([envelope_of(turn_of("precio"))])
    assert [event.type for event in caused(result)] == [
        "intent.classified.confident",
        "intent.classified.shadow",
    ]
    name = "aprendiz_turns_classified_total"
    for route in ("confident", "shadow"):
        labels = {"route": route, "reason": "accepted"}
        assert stand.registry.get_sample_value(name, labels) == 1


async def test_without_a_model_turns_go_to_the_teacher(stand: Stand) -> None:
    [event] = await stand.classify(turn_of("precio"))
    assert (event.route, event.reason, event.model_version) == (Route.UNSURE, Reason.NO_MODEL, None)


async def test_a_redelivered_batch_gives_the_same_events(stand: Stand) -> None:
    stand.slot.swap(Parrot("v1"))
    turns = [turn_of("precio"), turn_of("hola")]
    assert await stand.classify(*turns) == await stand.classify(*turns)


async def test_readiness_says_what_is_wrong_with_the_model(stand: Stand) -> None:
    ask = stand.part.probes["model"]
    assert await ask() == NOT_READ
    stand.slot.problem = "the model v9 is damaged"
    assert await ask() == "the model v9 is damaged"
    stand.slot.swap(Parrot("v1"))
    assert await ask() is None
    stand.slot.problem = "the model v10 cannot be fetched; v1 stays in force"
    assert await ask() == "the model v10 cannot be fetched; v1 stays in force"
