"""A shop on RabbitMQ and MariaDB whose services are processes that can be killed one by one."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import text

from contracts.topology import SERVICES
from infra.servers.ports import free_port
from services.storage.engine import Database
from tests.e2e.program import APRENDIZ, Program, Ran, aprendiz
from tests.e2e.waiting import until

GATEWAYS = "simulador,wa"
BUSY = "SELECT COUNT(*) FROM turns WHERE state IN ('gathering', 'open')"
UNPUBLISHED = "SELECT COUNT(*) FROM outbox"
NAMES = tuple(row.name for row in SERVICES)
POLITE = {
    "hola buenas tardes": "saludo",
    "muchas gracias": "agradecimiento",
    "chao, cuidense": "despedida",
}
"""What customers write in every test, and what the teacher says of it when it grades: were it wrong
about these, the student would learn to be."""


class Shop:
    """Every service of the topology, one process each, and an OpenAI-compatible server beside."""

    def __init__(self, folder: Path, amqp_url: str, database_url: str) -> None:
        """Start nothing yet."""
        folder.mkdir()
        self.amqp_url = amqp_url
        self.database = Database.open(database_url)
        self.teacher = TeacherServer(folder)
        self.folder = folder
        self.api = f"http://127.0.0.1:{(http_port := free_port())}"
        self.settings = {
            "amqp_url": amqp_url,
            "database_url": database_url,
            "secret_key": "a secret of the tests alone",
            "home": str(folder / "home"),
            "models_dir": str(folder / "models"),
            "http_port": str(http_port),
            "openai_base_url": self.teacher.url,
            "gateways": GATEWAYS,
            "log_format": "json",
            # On a busy machine a service that was killed takes long to start anew.
            "turno_plazo_segundos": "180",
        }
        self._ports = {name: free_port() for name in NAMES}
        self.services = {name: self._service(name) for name in NAMES}

    def _service(self, name: str) -> Program:
        settings = {**self.settings, "metrics_port": str(self._ports[name])}
        return Program(name, [APRENDIZ, "run", name], self.folder, settings)

    async def open(self) -> None:
        """Make the tables, start everything, and return once it is ready, first model included."""
        upgraded = await self.command("db", "upgrade")
        assert upgraded.code == 0, upgraded
        self.teacher.process.start()
        await self.teacher.process.ready(f"{self.teacher.url.removesuffix('/v1')}/calls")
        await self.teacher.will()
        await self.start(*NAMES)

    async def close(self) -> None:
        """Leave nothing running."""
        everything = (*self.services.values(), self.teacher.process)
        await asyncio.gather(*(each.kill() for each in everything))
        await self.database.close()

    async def start(self, *names: str, **others: str) -> None:
        """Start services and wait until each says that it is ready."""
        for name in names:
            self.services[name].start(**others)
        await asyncio.gather(
            *(
                self.services[name].ready(f"http://127.0.0.1:{self._ports[name]}/readyz")
                for name in names
            )
        )

    async def restart(self, name: str, **others: str) -> None:
        """Stop a service in order and start it again."""
        assert await self.services[name].stop() == 0
        await self.start(name, **others)

    @property
    def pids(self) -> dict[str, int | None]:
        """Who lives, by name."""
        return {name: each.pid for name, each in self.services.items()}

    async def command(self, *arguments: str) -> Ran:
        """Run an ``aprendiz`` command against this shop."""
        return await aprendiz(*arguments, settings=self.settings, cwd=self.folder)

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        """What the database says."""
        async with self.database.read() as connection:
            return (await connection.execute(text(sql), values)).all()

    async def get(self, path: str) -> Any:
        """The body of the API's answer."""
        async with httpx2.AsyncClient(base_url=self.api, trust_env=False) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and body of the API's answer."""
        async with httpx2.AsyncClient(base_url=self.api, trust_env=False) as client:
            answer = await client.post(path, json=body)
        return answer.status_code, answer.json()

    async def closed_turn(self, conversation: str) -> Any:
        """The row of a conversation's only turn, once it has ended and was classified."""
        ended = "conversation_id = :chat AND closed_at IS NOT NULL AND reason IS NOT NULL"

        async def look() -> Sequence[Any]:
            return await self.rows(f"SELECT * FROM turns WHERE {ended}", chat=conversation)

        [turn] = await until(look, f"the turn of {conversation} has ended")
        return turn

    async def is_quiet(self) -> bool:
        """Whether no turn is under way and nothing waits to be published."""
        [(busy,)], [(unpublished,)] = await self.rows(BUSY), await self.rows(UNPUBLISHED)
        return bool(busy == unpublished == 0)


class TeacherServer:
    """The OpenAI-compatible server in its own process."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "tests.servers.openai_server", "--port", str(port)]
        self.process = Program("openai", command, folder, {})

    async def will(self, *rules: dict[str, Any], delay: float = 0.0) -> None:
        """Tell it what to answer from now on; see `tests.servers.openai_server.Rule`.

        It is right about what is `POLITE`, and finds no intent in whatever no rule is for; of both
        it thinks for ``delay`` seconds.
        """
        polite = [
            {"when": f'"mensaje_del_cliente": "{text}"', "intent": intent}
            for text, intent in POLITE.items()
        ]
        others = [{**rule, "times": None, "delay": delay} for rule in (*polite, {})]
        async with httpx2.AsyncClient(base_url=self.url[:-3], trust_env=False) as client:
            answer = await client.post("/program", json=[*rules, *others])
        assert answer.status_code == 204

    async def was_asked(self, words: str) -> int:
        """How often it was asked about these words."""
        async with httpx2.AsyncClient(base_url=self.url[:-3], trust_env=False) as client:
            calls = (await client.get("/calls")).json()
        asked = [json.loads(call["messages"][-1]["content"]) for call in calls]
        return sum(words in each["mensaje_del_cliente"] for each in asked)
