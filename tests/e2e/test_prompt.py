"""On a terminal, `aprendiz run all` is a prompt that shows who answered, why and how fast."""

import asyncio
import os
import pty
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from services.learning.certifying.slot import NO_MODEL
from tests.e2e.embedded import Home
from tests.e2e.program import APRENDIZ, environment
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)

CONTROL = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\].*?\x07)")


class Terminal:
    """The person's end of a terminal."""

    def __init__(self, master: int) -> None:
        """Nothing has been shown yet."""
        self._master = master
        self._shown = b""
        os.set_blocking(master, False)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    @property
    def screen(self) -> str:
        """All that was shown so far, without colours and cursor movements."""
        try:
            while chunk := os.read(self._master, 65536):
                self._shown += chunk
        except (BlockingIOError, OSError):  # nothing new, or the other end is closed
            pass
        return CONTROL.sub("", self._shown.decode(errors="replace"))

    async def shows(self, pattern: str) -> re.Match[str]:
        """What matches on the screen, as soon as it does."""

        async def look() -> re.Match[str] | None:
            return re.search(pattern, self.screen)

        try:
            found = await until(look, f"the terminal shows {pattern}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{self.screen}") from error
        assert found
        return found


@contextmanager
def terminal() -> Iterator[tuple[Terminal, int]]:
    """A terminal and the descriptor for the program on it."""
    master, slave = pty.openpty()
    try:
        yield Terminal(master), slave
    finally:
        os.close(master)
        os.close(slave)


@asynccontextmanager
async def prompt(home: Home) -> AsyncIterator[Terminal]:
    """The shop runs with a person before it, who leaves with Ctrl-D."""
    with terminal() as (person, slave):
        run = await asyncio.create_subprocess_exec(
            *(APRENDIZ, "run", "all"),
            env={**environment(home.settings), "TERM": "xterm", "COLUMNS": "200"},
            cwd=home.folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        try:
            yield person
            person.type("\x04")
            async with asyncio.timeout(30):
                assert await run.wait() == 0
            assert "Traceback" not in person.screen
        finally:
            if run.returncode is None:
                run.kill()
                await run.wait()


async def test_a_person_talks_to_the_shop_and_leaves_with_ctrl_d(folder: Path) -> None:
    home = Home(folder / "prompt")
    # The port that the database's setting would name, and no other, is the one that is shown.
    home.settings["ml_engine_port"] = home.settings.pop("http_port")
    await home.command("db", "upgrade")
    async with prompt(home) as person:
        await person.shows(re.escape(f"HTTP API: {home.api}/docs"))
        await person.shows(f"A moment. model: {NO_MODEL}")
        await person.shows("tú>")
        person.type("hola buenas tardes\r")
        await person.shows(r"Gracias por escribirnos")
        await person.shows(r"router · accepted: saludo [\d.]+%, threshold [\d.]+% · \d+ ms")
        person.type("soñé que volaba sobre el mar\r")
        await person.shows(r"Un asesor te responderá")
        # Between two prompts a terminal takes Ctrl-D for itself: the next prompt comes first.
        await person.shows(r"(?s)teacher, who asks a person · [a-z_]+: \w+ [\d.]+%.*tú>")
    async with prompt(home) as person:
        await person.shows("tú>")
        assert NO_MODEL not in person.screen
