"""A private MariaDB server on loopback, without the system's service manager."""

import os
import shutil
import subprocess
from pathlib import Path

from infra.servers.handshake import mysql_answers
from infra.servers.packages import program
from infra.servers.ports import kept_ports, require_free
from infra.servers.process import Process, ServerFailed

START_S = 60.0  # 0.4 s on a quiet machine
INSTALL_S = 120.0  # 4 s on a quiet machine


class MariaDB:
    """A MariaDB server whose data, log and port live in one folder and survive restarts.

    It is left at its default character set, latin1, as a shop's server may be: what must be
    utf8mb4 has to say so itself.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._data = self.folder / "data"
        # Of its own: a server that starts removes all temporary tables in its folder for them, and
        # in one that is shared (/tmp) those of its neighbours, which crash (MariaDB 10.11.19).
        self._environment = {"TMPDIR": str(self.folder / "tmp")}
        self._port = kept_ports(self.folder, ("mysql",))["mysql"]
        self._process = Process("mariadb", self.folder)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._port

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the server, without a database."""
        return f"mysql+aiomysql://root@127.0.0.1:{self._port}/?charset=utf8mb4"

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._process.pid is not None

    def start(self) -> None:
        """Start the server unless it runs, and return once it greets its clients.

        Raises MissingPackages, PortTaken, or ServerFailed with the end of its log.
        """
        if not self.running:
            self._launch()
        self._process.wait_ready(lambda: mysql_answers(self._port), START_S)

    def stop(self) -> None:
        """Stop the server in order."""
        self._process.stop()

    def kill(self) -> None:
        """Kill the server as a crash would (SIGKILL); `start` brings it back with its data."""
        self._process.kill()

    def restart(self) -> None:
        """Stop the server in order and start it again on the same port with the same data."""
        self.stop()
        self.start()

    def _launch(self) -> None:
        require_free(self.folder, self._port)
        (self.folder / "tmp").mkdir(exist_ok=True)
        if not self._data.exists():
            self._install()
        self._process.start(
            [
                program("mariadbd"),
                "--no-defaults",
                f"--datadir={self._data}",
                "--socket=mariadb.sock",  # inside the data folder: a full path may be too long
                f"--port={self._port}",
                "--bind-address=127.0.0.1",
                *_user(),
            ],
            self._environment,
        )

    def _install(self) -> None:
        """Fill a data folder under another name first: a killed attempt leaves no half."""
        unfinished = self.folder / f"data.{os.getpid()}"
        done = subprocess.run(
            [
                program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={unfinished}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *_user(),
            ],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ServerFailed(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")
        unfinished.rename(self._data)


def _user() -> list[str]:
    """MariaDB refuses to run as root unless root is named."""
    return ["--user=root"] if os.geteuid() == 0 else []
