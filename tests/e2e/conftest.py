"""Starts a whole shop, and shows what its processes logged when a test fails."""

import secrets
import time
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.servers.databases import create_database, drop_database
from infra.servers.session import SessionFolder
from infra.servers.vhosts import AmqpServer, create_vhost, delete_vhost
from tests.e2e.outside import OutsideGateway, connected
from tests.e2e.program import tail
from tests.e2e.shop import Shop

FOLDER = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def folder(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Where the processes live; a guard ends them and removes it, however the session ends."""
    made = SessionFolder(pytestconfig.rootpath / ".test-servers" / "e2e")
    pytestconfig.stash[FOLDER] = made.path
    yield made.path
    made.close()


@pytest.fixture(scope="session")
async def shop(rabbitmq: AmqpServer, mariadb_server_url: str, folder: Path) -> AsyncIterator[Shop]:
    """A shop that runs on RabbitMQ and MariaDB, a process for each service."""
    amqp_url = create_vhost(rabbitmq)
    name = f"aprendiz_test_{secrets.token_hex(4)}"
    shop = Shop(folder / "shop", amqp_url, await create_database(mariadb_server_url, name))
    try:
        await shop.open()
        yield shop
    finally:
        await shop.close()
        delete_vhost(rabbitmq, amqp_url)
        await drop_database(mariadb_server_url, name)


@pytest.fixture
async def gateway(shop: Shop) -> AsyncIterator[OutsideGateway]:
    """A gateway beside the shop, all of whose services live, whatever the last test did."""
    await shop.start(*(name for name, pid in shop.pids.items() if pid is None))
    async with connected(shop.amqp_url) as gateway:
        yield gateway


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    logs = item.config.stash.get(FOLDER, None)
    if report.failed and logs is not None:
        for log in sorted(logs.rglob("*.log")):
            if log.stat().st_mtime >= time.time() - call.duration - 1:
                report.sections.append((f"the end of {log.relative_to(logs)}", tail(log)))
