"""The private servers' parts: ports, processes, handshakes, packages, a session's end."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from infra.servers import packages, ports
from infra.servers.guard import clear
from infra.servers.handshake import amqp_answers, mysql_answers
from infra.servers.mariadb import MariaDB
from infra.servers.process import Process, ServerFailed, read_pid, started_at, wait_until, write_pid
from infra.servers.session import REPOSITORY, SessionFolder, remove_orphans
from infra.servers.vhosts import GivenAmqpServer, VirtualHostFailed, create_vhost

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF_SLEEPER = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
    "time.sleep(60)",
]
CONNECTION_START = b"\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x0a"
CONNECTION_CLOSE = b"\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x32"


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = Process("sleeper", tmp_path)
    process.start(SLEEPER)
    yield process
    process.kill()


def server_that_says(reply: bytes) -> int:
    """A loopback port whose first client gets this reply and is then hung up on."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as client:
            client.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def test_an_open_port_that_does_not_speak_amqp_is_not_ready() -> None:
    assert not amqp_answers(server_that_says(b""))
    assert not amqp_answers(server_that_says(b"AMQP\x00\x00\x09\x01"))
    assert not amqp_answers(server_that_says(CONNECTION_CLOSE))
    assert amqp_answers(server_that_says(CONNECTION_START))


def test_a_closed_port_is_not_ready() -> None:
    assert not amqp_answers(ports.free_port())
    assert not mysql_answers(ports.free_port())


def test_a_database_that_greets_with_an_error_is_not_ready() -> None:
    assert not mysql_answers(server_that_says(b"\x17\x00\x00\x00\xff\x10\x04too many"))
    assert mysql_answers(server_that_says(b"\x4a\x00\x00\x00\x0a5.5.5-10.11"))


def test_ports_are_kept_over_restarts_and_lie_below_those_that_clients_are_given(
    tmp_path: Path,
) -> None:
    chosen = ports.kept_ports(tmp_path, ("one", "two"))
    assert ports.kept_ports(tmp_path, ("one", "two")) == chosen
    assert len(set(chosen.values())) == 2
    assert all(port < 32768 for port in chosen.values())


def test_an_occupied_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert not ports.is_free(listener.getsockname()[1])


def test_a_kept_port_that_someone_else_took_is_named_with_the_cure(tmp_path: Path) -> None:
    server = MariaDB(tmp_path)
    with (
        socket.create_server(("127.0.0.1", server.port)),
        pytest.raises(ports.PortTaken, match=rf"{server.port}.*remove .*ports\.json"),
    ):
        server.start()


def test_a_stale_pid_file_is_not_a_running_server(tmp_path: Path) -> None:
    file = tmp_path / "server.process"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    write_pid(file, ended.pid)
    ended.wait()
    assert read_pid(file) is None


def test_a_pid_that_went_to_another_process_is_never_signalled(
    tmp_path: Path, sleeper: Process
) -> None:
    """After kill -9 the file stays, and the number may by now name someone else."""
    process = Process("server", tmp_path)
    (tmp_path / "server.process").write_text(f"{sleeper.pid} 1\n")
    process.kill()
    process.stop()
    assert sleeper.pid is not None


def test_another_program_finds_and_stops_a_server_by_its_folder(sleeper: Process) -> None:
    found = Process("sleeper", sleeper.folder)
    assert found.pid == sleeper.pid
    found.stop()
    assert sleeper.pid is None


def test_starting_twice_starts_once(sleeper: Process) -> None:
    first = sleeper.pid
    sleeper.start(SLEEPER)
    assert sleeper.pid == first


def test_a_server_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    process = Process("deaf", tmp_path)
    process.start(DEAF_SLEEPER)
    process.wait_ready(lambda: process.log.read_text() != "", 10)
    process.stop(seconds=0.2)
    assert process.pid is None


def test_a_server_that_dies_while_it_starts_is_reported_with_its_log(tmp_path: Path) -> None:
    process = Process("broken", tmp_path)
    process.start([sys.executable, "-c", "raise SystemExit('the disk is full')"])
    with pytest.raises(ServerFailed, match=r"(?s)broken ended while it started.*the disk is full"):
        process.wait_ready(lambda: False, 10)
    process.stop()


def test_a_server_that_never_answers_is_reported(sleeper: Process) -> None:
    with pytest.raises(ServerFailed, match=r"sleeper did not answer within 0\.1 s"):
        sleeper.wait_ready(lambda: False, 0.1)


def test_what_a_killed_session_left_is_ended_and_removed(tmp_path: Path) -> None:
    """The session dies by SIGKILL: only its guard can clear up after it."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from infra.servers.session import SessionFolder\n"
        "from infra.servers.process import Process\n"
        "folder = SessionFolder(Path(sys.argv[1])).path\n"
        "server = Process('server', folder / 'deep'); server.start(['sleep', '60'])\n"
        "print(server.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as session:
        assert session.stdout is not None
        server = int(session.stdout.readline())
        assert started_at(server)
        os.kill(session.pid, signal.SIGKILL)
    assert wait_until(lambda: started_at(server) is None, 10)
    assert wait_until(lambda: not list(tmp_path.iterdir()), 10)


def test_a_session_that_ends_well_leaves_nothing(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    server = Process("server", folder.path)
    server.start(SLEEPER)
    folder.close()
    assert server.pid is None
    assert not folder.path.exists()
    server.stop()


def test_only_the_folders_of_dead_sessions_are_cleared(tmp_path: Path) -> None:
    living = tmp_path / f"{os.getpid()}-{started_at(os.getpid())}"
    dead = tmp_path / f"{os.getpid()}-1"
    for folder in (living, dead):
        folder.mkdir()
    remove_orphans(tmp_path)
    assert list(tmp_path.iterdir()) == [living]


def test_clearing_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    clear(tmp_path / "gone")


def test_a_missing_program_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packages, "FOLDERS", ())
    with pytest.raises(packages.MissingPackages) as problem:
        packages.program("mariadbd")
    for hint in ("apt-get install mariadb-server", "APRENDIZ_TEST_AMQP_URL", "DATABASE_URL"):
        assert hint in str(problem.value)


def test_each_missing_package_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "FOLDERS", ())
    expected = ["rabbitmq-server", "mariadb-server", "amqp-tools", "nodejs", "npm"]
    assert packages.missing_packages() == expected


def test_without_the_right_to_install_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert packages.main(["rabbitmq-server"]) == 1
    assert "needs root or sudo" in capsys.readouterr().err


def test_a_given_broker_without_its_management_plugin_says_what_to_do() -> None:
    given = GivenAmqpServer(f"amqp://ana:secreto@127.0.0.1:{ports.free_port()}/")
    assert given.api_url == "http://ana:secreto@127.0.0.1:15672"
    with pytest.raises(VirtualHostFailed, match="enable rabbitmq_management"):
        create_vhost(GivenBroker(given.url))


class GivenBroker(GivenAmqpServer):
    """A broker whose management interface listens nowhere."""

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{ports.free_port()}"


def test_a_port_is_not_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever got it first may not listen on it yet."""
    monkeypatch.setattr(ports, "LOWEST", 19_001)
    monkeypatch.setattr(ports, "HIGHEST", 19_002)
    monkeypatch.setattr(ports, "is_free", lambda _port: True)
    assert {ports.free_port(), ports.free_port()} == {19_001, 19_002}


def test_processes_that_share_the_ports_never_take_one_anothers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _port: True)
    parts = []
    for place in range(3):
        monkeypatch.setattr(ports, "LOWEST", 19_100)
        monkeypatch.setattr(ports, "HIGHEST", 19_129)
        ports.share_range(place, 3)
        parts.append({ports.free_port() for _ in range(5)})
    assert len(set.union(*parts)) == 15
    assert all(max(low) < min(high) for low, high in pairwise(parts))
