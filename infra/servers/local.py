"""The servers of `make up` on a machine without Docker: they outlive the command and keep data."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.servers.databases import create_database
from infra.servers.mariadb import MariaDB
from infra.servers.rabbitmq import RabbitMQ

DATABASE = "aprendiz"


class LocalServers:
    """One RabbitMQ and one MariaDB below a folder; `settings` tells the services where they are."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.rabbitmq = RabbitMQ(self.home / "rabbitmq")
        self.mariadb = MariaDB(self.home / "mariadb")
        self._secret = self.home / "secret"

    def start(self) -> None:
        """Start what does not run, both at once, and make the database; raises what they raise."""
        with ThreadPoolExecutor() as pool:
            starts = [pool.submit(server.start) for server in (self.rabbitmq, self.mariadb)]
        for start in starts:
            start.result()
        asyncio.run(create_database(self.mariadb.url, DATABASE))
        self._make_secret()

    def _make_secret(self) -> None:
        """One secret for all services, made once, that only its owner reads."""
        if not self._secret.exists():
            self._secret.touch(mode=0o600)
            self._secret.write_text(secrets.token_hex(32), encoding="utf-8")

    def stop(self) -> None:
        """Stop both in order; their data stays."""
        self.rabbitmq.stop()
        self.mariadb.stop()

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables with which the services use these servers."""
        database = f"127.0.0.1:{self.mariadb.port}/{DATABASE}"
        return {
            "APRENDIZ_AMQP_URL": self.rabbitmq.url,
            "APRENDIZ_DATABASE_URL": f"mysql+aiomysql://root@{database}?charset=utf8mb4",
            "APRENDIZ_SECRET_KEY_FILE": str(self._secret),
        }

    @property
    def running(self) -> dict[str, bool]:
        """Which of the two live, by name."""
        return {"rabbitmq": self.rabbitmq.running, "mariadb": self.mariadb.running}
