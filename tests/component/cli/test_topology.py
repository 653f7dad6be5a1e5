"""What looks at the broker's topology leaves it as it is, and says what is missing or differs."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contracts.topology import BURIED, Queue, Topology, queue_of
from services.cli.app import app
from services.cli.topology import reached
from services.runtime.settings import read_settings


@pytest.fixture
def rabbit(vhost_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty virtual host."""
    monkeypatch.setenv("APRENDIZ_AMQP_URL", vhost_url)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the embedded broker that nobody has used yet."""
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    monkeypatch.delenv("APRENDIZ_AMQP_URL", raising=False)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def doctor() -> tuple[bool, str]:
    """What it has to say of the broker."""
    found = json.loads(run("doctor", "--json").stdout)["broker"]
    return found["ok"], found["says"]


def declare(queue: Queue) -> None:
    async def alone() -> None:
        async with reached(read_settings()) as broker:
            await broker.declare(Topology((), (queue,)))

    asyncio.run(alone())


@pytest.mark.usefixtures("rabbit")
def test_the_doctor_names_what_is_missing_and_adds_none_of_it() -> None:
    for _ in range(2):
        ok, says = doctor()
        assert not ok
        assert f"{BURIED}: missing" in says
        assert "`aprendiz topology apply`" in says
    assert run("topology", "check").exit_code == 1
    assert run("topology", "apply").exit_code == 0
    assert doctor() == (True, "RabbitMQ, all queues in place")


def test_embedded_queues_that_nobody_has_made_yet_are_no_fault(home: Path) -> None:
    ok, says = doctor()
    assert ok
    assert says.endswith("`aprendiz run` makes the queues when it starts")
    checked = run("topology", "check")
    assert checked.exit_code == 1
    assert f"{BURIED}: missing" in checked.stdout
    assert "Run `aprendiz topology apply`" in checked.stdout
    assert run("topology", "apply").exit_code == 0
    assert doctor() == (True, f"embedded, {home / 'broker.sqlite'}, all queues in place")
    assert f"{BURIED}: 0 ready" in run("topology", "check").stdout


@pytest.mark.usefixtures("home")
def test_a_queue_with_other_arguments_is_a_fault_on_embedded_parts_too() -> None:
    declare(Queue(queue_of("router"), {"x-queue-type": "classic"}))
    ok, says = doctor()
    assert not ok
    assert f"{queue_of('router')}: " in says
    assert "delete what differs" in says
    checked = run("topology", "check")
    assert checked.exit_code == 1
    assert f"{queue_of('router')}: missing" not in checked.stdout
