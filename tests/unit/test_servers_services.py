"""`make up` without Docker: services as background processes, here a stand-in for the command."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.servers.ports import free_port
from infra.servers.process import ServerFailed, kill_all
from infra.servers.services import LocalServices

STAND_IN = """\
#!{python}
import os, socket, sys, time
if sys.argv[1:] == ["db", "upgrade"]:
    sys.exit(int(os.environ.get("MIGRATION", "0")))
assert sys.argv[1] == "run"
if sys.argv[2] == "broken":
    sys.exit("no catalogue")
listener = socket.create_server(("127.0.0.1", int(os.environ[sys.argv[2]])))
time.sleep(60)
"""


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Path]:
    script = tmp_path / "aprendiz"
    script.write_text(STAND_IN.format(python=sys.executable))
    script.chmod(0o755)
    yield script
    kill_all(tmp_path)


def test_services_run_until_they_are_stopped(command: Path, tmp_path: Path) -> None:
    ports = {"router": free_port(), "teacher": free_port()}
    services = LocalServices(tmp_path, command=command, ports=ports)
    services.start({name: str(port) for name, port in ports.items()})
    assert services.running == {"router": True, "teacher": True}
    services.stop()
    assert services.running == {"router": False, "teacher": False}


def test_a_service_that_cannot_start_is_named_with_its_log(command: Path, tmp_path: Path) -> None:
    services = LocalServices(tmp_path, command=command, ports={"broken": free_port()})
    with pytest.raises(ServerFailed, match=r"(?s)broken ended while it started.*no catalogue"):
        services.start({})
    services.stop()


def test_no_service_starts_on_a_database_that_was_not_migrated(
    command: Path, tmp_path: Path
) -> None:
    services = LocalServices(tmp_path, command=command, ports={"router": free_port()})
    with pytest.raises(ServerFailed, match="not migrated"):
        services.start({"MIGRATION": "1"})
    assert services.running == {"router": False}


def test_a_port_that_another_program_holds_does_not_pass_for_a_service(
    command: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        services = LocalServices(tmp_path, command=command, ports={"router": port})
        with pytest.raises(ServerFailed, match=f"port {port} of router is taken"):
            services.start({})
