"""A retrainer as a process runs it: what its queue brings wakes it, what it promotes is told."""

import asyncio
from pathlib import Path

from prometheus_client import CollectorRegistry

from contracts.events import Graded, Origin
from services.retrainer.wiring import assemble
from services.runtime.broker import BrokerAway
from services.runtime.embedded import EmbeddedBroker
from services.runtime.keys import Keys
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outbox
from services.runtime.process import Frame
from services.runtime.settings import Settings
from services.storage import certificates, intents, tables, versions
from services.storage.outbox import OutboxStore
from tests.component.counting import count
from tests.component.retrainer.conftest import KEY, Shop, sample_of
from tests.turns import envelope_of


async def test_a_renamed_intent_is_learned_as_soon_as_it_is_followed(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.look()
    first, told, stop = await shop.champion(), asyncio.Event(), asyncio.Event()
    broker = EmbeddedBroker(tmp_path / "broker.sqlite")
    settings = Settings(models_dir=shop.models_dir)
    frame = Frame(settings, Live(), broker, Metrics(CollectorRegistry()), told.set)
    part = assemble(frame, shop.database, Keys(b"", KEY))
    running = asyncio.create_task(part.background[0](stop))
    await asyncio.sleep(0.2)  # it has looked, and sleeps for a minute
    async with shop.database.begin() as connection:
        await intents.rename(connection, "saludo", "hola", "ana")
    await part.follows[versions.CATALOGUE]()
    async with asyncio.timeout(90):  # a training on a busy machine
        await told.wait()
    stop.set()
    await running
    assert await shop.champion() != first


async def test_evidence_and_rules_are_looked_at_as_soon_as_they_come(
    shop: Shop, tmp_path: Path
) -> None:
    told, stop, live = asyncio.Event(), asyncio.Event(), Live(LiveSettings())
    broker = EmbeddedBroker(tmp_path / "broker.sqlite")
    frame = Frame(Settings(), live, broker, Metrics(CollectorRegistry()), told.set)
    part = assemble(frame, shop.database, Keys(b"", KEY))
    [intake], [_, look] = part.intakes, part.background
    running = asyncio.create_task(look(stop))
    word = Graded(said="saludo", confidence=0.99, model_version="v1", drawn=True)
    samples = [
        envelope_of(
            sample_of(f"hola {n}", "saludo").model_copy(
                update={"turn_id": f"t-{n}", "graded": word, "origin": Origin.LIVE}
            ),
            given_id=f"s-{n}",
        )
        for n in range(130)
    ]
    await intake.handler(samples)
    async with asyncio.timeout(30):  # half of what it would sleep
        await told.wait()
        told.clear()
        live.settings = LiveSettings(ml_intenciones_siempre_preguntar=("saludo",))
        await part.follows[versions.SETTINGS]()
        await told.wait()
    stop.set()
    await running
    async with shop.database.read() as connection:
        history = await certificates.history(connection)
    assert [each.state for each in history] == ["unproven", "certified"]


async def test_samples_of_the_queue_become_a_model_that_is_told(shop: Shop, tmp_path: Path) -> None:
    """The promotion is a broadcast: that nobody listens must not keep its row for ever."""
    await shop.look()
    first, told, stop = await shop.champion(), asyncio.Event(), asyncio.Event()
    registry = CollectorRegistry()
    live = Live(LiveSettings(ml_auto_retrain_examples=20))
    broker = EmbeddedBroker(tmp_path / "broker.sqlite")
    settings = Settings(models_dir=shop.models_dir)
    frame = Frame(settings, live, broker, Metrics(registry), told.set)
    part = assemble(frame, shop.database, Keys(b"", KEY))
    [intake], [run, _] = part.intakes, part.background
    assert intake.queue == "aprendiz.retrainer"
    running = asyncio.create_task(run(stop))
    samples = [
        envelope_of(sample_of(words, intent), given_id=f"s-{place}")
        for place, (words, intent) in enumerate(shop.alike(20))
    ]
    assert await intake.handler(samples) == [[] for _ in samples]
    async with asyncio.timeout(90):  # a training on a busy machine
        await told.wait()
    stop.set()
    await running
    assert await shop.champion() != first
    assert registry.get_sample_value("aprendiz_trainings_total", {"outcome": "promoted"}) == 1
    await broker.connect()
    publisher = Outbox(
        OutboxStore(shop.database, "test"), broker, (BrokerAway,), Metrics(CollectorRegistry())
    )
    assert await publisher.publish_waiting() == 4
    await broker.close()
    async with shop.database.read() as connection:
        assert await count(connection, tables.outbox) == 0
