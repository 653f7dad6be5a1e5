"""One server process, started, found again by its pid file, and stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.05
SUFFIX = ".process"  # not .pid: servers keep pid files of their own below the same folder
LOG_TAIL_LINES = 25


class ServerFailed(RuntimeError):
    """A server ended or did not answer in time; the message ends with the tail of its log."""


def started_at(pid: int) -> str | None:
    """The start time of a live process in clock ticks since boot, or None when it is gone.

    With the pid it names one process for ever: a pid alone is given again to someone else.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in ("Z", "X") else fields[18]


def write_pid(file: Path, pid: int) -> None:
    """Note a process so that `read_pid` knows it from a later one with the same number."""
    file.write_text(f"{pid} {started_at(pid)}\n")


def read_pid(file: Path) -> int | None:
    """The pid in the file while that very process lives; None for a missing or stale file."""
    try:
        pid, start = file.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if started_at(int(pid)) == start else None


def wait_until(met: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition is met; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def kill_all(folder: Path) -> None:
    """Kill at once every process that was started anywhere below a folder."""
    for file in folder.rglob(f"*{SUFFIX}"):
        Process(file.stem, file.parent).kill()


@dataclass
class Process:
    """A background process in its own process group, with NAME.process and NAME.log in a folder."""

    name: str
    folder: Path
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Its process id while it lives."""
        return read_pid(self._pid_file)

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}{SUFFIX}"

    def start(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Start it unless it runs already; env is added to ours."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at our terminal is ours to handle, not its
            )
        write_pid(self._pid_file, self._child.pid)

    def wait_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once it answers; raises ServerFailed when it ends or stays silent."""
        if not wait_until(lambda: self.pid is None or ready(), seconds):
            raise ServerFailed(self._failure(f"did not answer within {seconds:g} s"))
        if self.pid is None:
            raise ServerFailed(self._failure("ended while it started"))

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end, and kill it when it does not within the time; no error if it is gone."""
        self._signal(signal.SIGTERM)
        if not wait_until(lambda: self.pid is None, seconds):
            self._signal(signal.SIGKILL)
        self._forget()

    def kill(self) -> None:
        """End it and its whole process group at once, as a crash of the machine would."""
        self._signal(signal.SIGKILL)
        self._forget()

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is None:
            return
        # The group only on SIGKILL: on SIGTERM the leader ends its own children in order.
        send = os.killpg if number is signal.SIGKILL else os.kill
        send(pid, number)

    def _forget(self) -> None:
        wait_until(lambda: self.pid is None, 5)
        if self._child is not None:
            self._child.wait(5)
            self._child = None
        self._pid_file.unlink(missing_ok=True)

    def _failure(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n  ".join([f"{self.name} {what}; the end of {self.log}:", *lines])
