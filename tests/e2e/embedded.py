"""The whole of Aprendiz in one process on embedded parts, in a folder of its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from infra.servers.ports import free_port
from services.runtime.settings import Settings
from services.storage.engine import Database
from tests.e2e.program import APRENDIZ, Program, Ran, aprendiz


class Home:
    """A folder with a shop in it, which may be running, and the settings that lead to it."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        folder.mkdir()
        self.folder = folder
        self.api = f"http://127.0.0.1:{(http_port := free_port())}"
        self._health = f"http://127.0.0.1:{(metrics_port := free_port())}"
        self.settings = {
            "home": str(folder / "home"),
            "models_dir": str(folder / "models"),
            "http_port": str(http_port),
            "metrics_port": str(metrics_port),
        }
        self.program = Program(
            "aprendiz", [APRENDIZ, "run", "all", "--no-chat"], folder, self.settings
        )

    async def open(self) -> None:
        """Do what ``make run`` does, and return once the shop is ready."""
        upgraded = await self.command("db", "upgrade")
        assert upgraded.code == 0, upgraded
        await self.start()

    async def start(self) -> None:
        """Start the shop and wait until it is ready, first model included."""
        self.program.start()
        await self.program.ready(f"{self._health}/readyz")

    async def command(self, *arguments: str | bytes) -> Ran:
        """Run an ``aprendiz`` command in this folder."""
        return await aprendiz(*arguments, settings=self.settings, cwd=self.folder)

    async def send(self, words: str | bytes) -> dict[str, Any]:
        """The fields of the reply to a message that the command line sends."""
        sent = await self.command("send", "--wait", "--json", "--timeout", "60", words)
        assert (sent.code, sent.err) == (0, ""), sent
        fields: dict[str, Any] = json.loads(sent.out)
        return fields

    @property
    def here(self) -> Settings:
        """The same settings for this process."""
        return Settings(home=Path(self.settings["home"]), amqp_url=None, database_url=None)

    async def rows(self, sql: str) -> Sequence[Any]:
        """What the database says."""
        async with Database.open(self.here.database) as database, database.read() as connection:
            return (await connection.execute(text(sql))).all()
