"""The parts of teacher, failures and gateway take from the queues that the topology has."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from contracts.topology import build
from services.failures.wiring import assemble as assemble_failures
from services.gateway.wiring import assemble as assemble_gateway
from services.runtime.embedded import EmbeddedBroker
from services.runtime.live import Live
from services.runtime.metrics import Metrics
from services.runtime.process import Frame
from services.runtime.settings import Settings
from services.storage.engine import Database
from services.teacher.wiring import assemble as assemble_teacher


def frame(tmp_path: Path, *gateways: str) -> Frame:
    settings = Settings(gateways=gateways)
    broker = EmbeddedBroker(tmp_path / "broker.sqlite")
    return Frame(settings, Live(), broker, Metrics(CollectorRegistry()), lambda: None)


async def test_every_queue_exists(tmp_path: Path) -> None:
    made = frame(tmp_path, "simulador", "whatsapp")
    async with Database.open(f"sqlite:///{tmp_path / 'a.sqlite'}") as database:
        parts = [
            assemble(made, database)
            for assemble in (assemble_failures, assemble_gateway, assemble_teacher)
        ]
    taken = [intake.queue for part in parts for intake in part.intakes]
    assert taken == ["aprendiz.buried", "aprendiz.gateway.simulador", "aprendiz.teacher"]
    assert set(taken) <= {queue.name for queue in build(made.settings.gateways).queues}
    assert [intake.buries for intake in parts[0].intakes] == [False]


async def test_a_shop_without_the_simulated_phone_serves_none(tmp_path: Path) -> None:
    async with Database.open(f"sqlite:///{tmp_path / 'a.sqlite'}") as database:
        assert assemble_gateway(frame(tmp_path, "whatsapp"), database).intakes == []
