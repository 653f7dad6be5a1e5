"""A program of ours as a process of its own, as a supervisor or a person would run it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx2

from infra.servers.process import SUFFIX, write_pid
from tests.e2e.waiting import until

ROOT = Path(__file__).parents[2]
APRENDIZ = str(Path(sys.executable).with_name("aprendiz"))
TAIL_LINES = 30


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, without the ``APRENDIZ_*`` of whoever runs the tests, and with these settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("APRENDIZ_")}
    named = {f"APRENDIZ_{name.upper()}": value for name, value in settings.items()}
    # Prompts ask a terminal where its cursor is, and wait for an answer.
    return {**clean, "PROMPT_TOOLKIT_NO_CPR": "1", "PYTHONPATH": str(ROOT), **named}


class Ran(NamedTuple):
    """What became of a command."""

    code: int
    out: str
    err: str


async def aprendiz(*arguments: str | bytes, settings: Mapping[str, str], cwd: Path) -> Ran:
    """Run an ``aprendiz`` command to its end."""
    process = await asyncio.create_subprocess_exec(
        APRENDIZ,
        *arguments,
        env=environment(settings),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(90):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


class Program:
    """A background process with its log; the session's guard ends it if nobody else can."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, settings: Mapping[str, str]
    ) -> None:
        """Start nothing yet. ``folder`` becomes its working directory: no ``.env`` is there."""
        self.name = name
        self.log = folder / f"{name}.log"
        self.settings = settings
        self._command = command
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it lives."""
        alive = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and alive else None

    def start(self, **others: str) -> None:
        """Start it; ``others`` are settings for this time."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=environment({**self.settings, **others}),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        write_pid(self._folder / f"{self.name}{SUFFIX}", self._process.pid)

    async def ready(self, url: str) -> None:
        """Return once ``url`` answers 200; fails when the program has ended."""

        async def look() -> bool:
            assert self.pid is not None, f"{self.name} ended while it started:\n{self.tail()}"
            try:
                return (await client.get(url)).status_code == 200
            except httpx2.TransportError:
                return False

        async with httpx2.AsyncClient(trust_env=False) as client:
            await until(look, f"{self.name} is ready")

    async def stop(self) -> int:
        """End it with SIGTERM; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        if self.pid is not None:
            assert self._process is not None
            self._process.kill()
            await self.ended()

    async def ended(self) -> int:
        """Its exit code, once it is gone."""
        process = self._process
        assert process is not None

        async def look() -> bool:
            return process.poll() is not None

        await until(look, f"{self.name} ends", seconds=30)
        return process.returncode

    def tail(self) -> str:
        """The last lines of its log."""
        return tail(self.log)


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
