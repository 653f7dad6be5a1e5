"""Gives tests their servers: real ones, started only when a test asks (docs/development.md)."""

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infra.servers.databases import create_database, drop_database
from infra.servers.mariadb import MariaDB
from infra.servers.ports import share_range
from infra.servers.rabbitmq import RabbitMQ
from infra.servers.session import Server, SessionServers
from infra.servers.vhosts import AmqpServer, GivenAmqpServer, create_vhost, delete_vhost

GIVEN_AMQP_URL = os.environ.get("APRENDIZ_TEST_AMQP_URL")
GIVEN_DATABASE_URL = os.environ.get("APRENDIZ_TEST_DATABASE_URL")
SERVERS = pytest.StashKey[SessionServers]()


def pytest_configure(config: pytest.Config) -> None:
    # A busy machine is no defect: no property has to hold within a time.
    settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("untimed")
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        share_range(int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    config.stash[SERVERS] = SessionServers(config.rootpath / ".test-servers")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the chosen tests need in the background, while those that need nothing run."""
    if session.config.option.collectonly:
        return
    wanted = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    servers = session.config.stash[SERVERS]
    if "rabbitmq" in wanted and not GIVEN_AMQP_URL:
        _ = servers.rabbitmq_start
    if wanted & {"mariadb_server_url", "database_url"} and not GIVEN_DATABASE_URL:
        _ = servers.mariadb_start


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SERVERS].close()


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> SessionServers:
    return pytestconfig.stash[SERVERS]


@pytest.fixture(scope="session")
def rabbitmq(servers: SessionServers) -> AmqpServer:
    """The RabbitMQ that all tests share; take `vhost_url` to be alone in it."""
    if GIVEN_AMQP_URL:
        return GivenAmqpServer(GIVEN_AMQP_URL)
    return servers.rabbitmq_start.result()


@pytest.fixture
def vhost_url(rabbitmq: AmqpServer) -> Iterator[str]:
    """The AMQP URL of an empty virtual host, removed after the test."""
    url = create_vhost(rabbitmq)
    yield url
    delete_vhost(rabbitmq, url)


@pytest.fixture(scope="module")
def own_rabbitmq(servers: SessionServers) -> Iterator[Callable[[], RabbitMQ]]:
    """Call it for a started node that tests may stop, restart and kill; gone after the module."""
    yield from _factory(servers.own_rabbitmq)


@pytest.fixture(scope="module")
def own_mariadb(servers: SessionServers) -> Iterator[Callable[[], MariaDB]]:
    """Call it for a started server that tests may stop, restart and kill; gone after the module."""
    yield from _factory(servers.own_mariadb)


def _factory(start: Callable[[], Server]) -> Iterator[Callable[[], Server]]:
    started: list[Server] = []

    def one_more() -> Server:
        started.append(start())
        return started[-1]

    yield one_more
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def mariadb_server_url(servers: SessionServers) -> str:
    """The URL, without a database, of the MariaDB or MySQL that all tests share."""
    return GIVEN_DATABASE_URL or servers.mariadb_start.result().url


@pytest.fixture
async def mariadb_url(mariadb_server_url: str) -> AsyncIterator[str]:
    """The SQLAlchemy URL of an empty utf8mb4 database, dropped after the test."""
    name = f"aprendiz_test_{secrets.token_hex(4)}"
    yield await create_database(mariadb_server_url, name)
    await drop_database(mariadb_server_url, name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'aprendiz.sqlite'}"


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs the test twice: on an empty SQLite file and on an empty MariaDB database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
