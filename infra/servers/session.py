"""The servers of one test session: started when a test asks, gone when the session is."""

import os
import secrets
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from infra.servers.guard import clear
from infra.servers.mariadb import MariaDB
from infra.servers.process import started_at
from infra.servers.rabbitmq import RabbitMQ

REPOSITORY = Path(__file__).resolve().parents[2]
GUARD_S = 30.0

Server = TypeVar("Server", RabbitMQ, MariaDB)


class SessionFolder:
    """A folder named after this process (pid and start time) that a guard removes after it."""

    def __init__(self, root: Path) -> None:
        remove_orphans(root)
        self.path = root / f"{os.getpid()}-{started_at(os.getpid())}"
        self.path.mkdir(parents=True, exist_ok=True)
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "infra.servers.guard", self.path],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C ends the session, not the one who clears up after it
        )

    def close(self) -> None:
        """Let the guard end all servers and remove the folder; returns when it has."""
        self._guard.communicate(timeout=GUARD_S)


def remove_orphans(root: Path) -> None:
    """Clear the folders of sessions that were killed together with their guard."""
    for folder in root.glob("*-*"):
        pid, _, start = folder.name.partition("-")
        if started_at(int(pid)) != start:
            clear(folder)


class SessionServers:
    """One RabbitMQ and one MariaDB that the whole session shares, and any number of own ones."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._servers: list[RabbitMQ | MariaDB] = []
        self._starts = ThreadPoolExecutor(thread_name_prefix="server")

    @cached_property
    def _folder(self) -> SessionFolder:
        return SessionFolder(self._root)

    @cached_property
    def rabbitmq_start(self) -> Future[RabbitMQ]:
        """The shared RabbitMQ, starting since the first time this was asked for."""
        node = RabbitMQ(self._folder.path / "rabbitmq", http_api=True)
        return self._starts.submit(self._started, node)

    @cached_property
    def mariadb_start(self) -> Future[MariaDB]:
        """The shared MariaDB, starting since the first time this was asked for."""
        server = MariaDB(self._folder.path / "mariadb")
        return self._starts.submit(self._started, server)

    def own_rabbitmq(self) -> RabbitMQ:
        """One more node, started, for a test that stops, restarts or kills it (4-10 s)."""
        return self._started(RabbitMQ(self._new_folder("rabbitmq")))

    def own_mariadb(self) -> MariaDB:
        """One more server, started, for a test that stops, restarts or kills it (1-4 s)."""
        return self._started(MariaDB(self._new_folder("mariadb")))

    def close(self) -> None:
        """End every server and remove the session's folder; nothing to do if none was started."""
        self._starts.shutdown()
        for server in self._servers:
            server.kill()
        if "_folder" in vars(self):
            self._folder.close()

    def _new_folder(self, kind: str) -> Path:
        return self._folder.path / f"{kind}-{secrets.token_hex(3)}"

    def _started(self, server: Server) -> Server:
        self._servers.append(server)
        server.start()
        return server
