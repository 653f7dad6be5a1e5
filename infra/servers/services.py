"""The services of `make up` on a machine without Docker: one background process each."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from contracts.topology import SERVICES
from infra.servers.handshake import port_accepts
from infra.servers.ports import is_free
from infra.servers.process import Process, ServerFailed

COMMAND = Path(sys.executable).with_name("aprendiz")
PORTS = {service.name: service.port for service in SERVICES}
START_S = 120.0  # the first one of a new shop trains a model


class LocalServices:
    """Services by name and health port, each with its log and state in one folder."""

    def __init__(
        self, folder: Path, *, command: Path = COMMAND, ports: Mapping[str, int] = PORTS
    ) -> None:
        self._command = command
        self._ports = ports
        self._processes = [Process(name, folder) for name in ports]

    def start(self, settings: Mapping[str, str]) -> None:
        """Migrate the database, start what does not run, and return once all listen.

        Raises ServerFailed, with the end of the log of the one that failed.
        """
        upgrade = subprocess.run([self._command, "db", "upgrade"], env={**os.environ, **settings})
        if upgrade.returncode != 0:
            raise ServerFailed("the database was not migrated, so no service was started")
        stopped = [process for process in self._processes if process.pid is None]
        self._require_free_ports(stopped)
        for process in stopped:
            process.start([self._command, "run", process.name], settings)
        for process in self._processes:
            self._wait_ready(process)

    def stop(self) -> None:
        """Let every service finish what it has in hand, in the order of a message's way."""
        for process in self._processes:
            process.stop()

    @property
    def running(self) -> dict[str, bool]:
        """Which of them live, by name."""
        return {process.name: process.pid is not None for process in self._processes}

    def _require_free_ports(self, processes: Iterable[Process]) -> None:
        """Otherwise what listens there already would pass for the service."""
        for process in processes:
            port = self._ports[process.name]
            if not is_free(port):
                raise ServerFailed(
                    f"port {port} of {process.name} is taken; stop what listens there "
                    "(`make run`, perhaps)"
                )

    def _wait_ready(self, process: Process) -> None:
        port = self._ports[process.name]
        process.wait_ready(lambda: port_accepts(port), START_S)
