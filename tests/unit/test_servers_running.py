"""The private servers themselves, run for real: fixtures, crash and return, up and down."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from infra.servers.databases import create_database
from infra.servers.handshake import amqp_answers, mysql_answers
from infra.servers.local import LocalServers
from infra.servers.mariadb import MariaDB
from infra.servers.process import kill_all
from infra.servers.rabbitmq import RabbitMQ
from infra.servers.session import REPOSITORY


def amqp_tool(name: str, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the command-line AMQP tools; its exit code and output are the caller's to read."""
    command = [f"amqp-{name}", f"--url={url}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def declare(url: str, queue: str) -> None:
    assert amqp_tool("declare-queue", url, "--queue", queue, "--durable").returncode == 0


def test_each_test_gets_a_virtual_host_of_its_own(
    vhost_url: str, request: pytest.FixtureRequest
) -> None:
    declare(vhost_url, "pedidos")
    amqp_tool("publish", vhost_url, "--routing-key", "pedidos", "--body", "hola")
    shared_url = request.getfixturevalue("rabbitmq").url
    assert amqp_tool("get", shared_url, "--queue", "pedidos").returncode != 0
    assert amqp_tool("get", vhost_url, "--queue", "pedidos").stdout == "hola"


def test_a_killed_broker_comes_back_on_the_same_port_with_its_queues(
    own_rabbitmq: Callable[[], RabbitMQ],
) -> None:
    node = own_rabbitmq()
    declare(node.url, "pedidos")
    node.kill()
    assert not node.running
    assert not amqp_answers(node.port)
    node.start()
    assert amqp_tool("delete-queue", node.url, "--queue", "pedidos").returncode == 0
    node.restart()
    assert amqp_answers(node.port)


async def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    """The rows of one statement on a connection of its own."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()


async def test_a_killed_database_server_comes_back_with_its_rows(
    own_mariadb: Callable[[], MariaDB],
) -> None:
    server = own_mariadb()
    url = await create_database(server.url, "tienda")
    await execute(url, "CREATE TABLE pedidos (id INTEGER)")
    server.kill()
    assert not mysql_answers(server.port)
    server.start()
    assert await execute(url, "SHOW TABLES") == [("pedidos",)]


async def test_a_server_that_starts_leaves_the_temporary_tables_of_another_alone(
    own_mariadb: Callable[[], MariaDB],
) -> None:
    """MariaDB clears the folder that they are in when it starts; it crashed whoever shared it."""
    working, starting = own_mariadb(), own_mariadb()
    engine = create_async_engine(working.url)
    try:
        async with engine.connect() as connection:
            for _ in range(3):
                starting.kill()
                start = asyncio.create_task(asyncio.to_thread(starting.start))
                while not start.done():
                    await connection.execute(text("DESCRIBE mysql.user"))
                await start
    finally:
        await engine.dispose()
    assert working.running


async def test_a_test_gets_an_empty_utf8mb4_database_on_a_latin1_server(mariadb_url: str) -> None:
    """So a table that leaves its character set to the server would show it in our tests."""
    query = "SELECT @@character_set_database, @@global.character_set_server"
    assert await execute(mariadb_url, query) == [("utf8mb4", "latin1")]
    assert await execute(mariadb_url, "SHOW TABLES") == []


async def test_a_test_on_both_databases_runs_on_both(database_url: str) -> None:
    assert await execute(database_url, "SELECT 1") == [(1,)]


def infra_servers(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.servers", *arguments, f"--home={home}", "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_local_servers_outlive_the_command_that_starts_them_until_down(tmp_path: Path) -> None:
    try:
        up = infra_servers(tmp_path, "up")
        assert up.returncode == 0, up.stderr
        assert json.loads(up.stdout) == LocalServers(tmp_path).settings
        assert infra_servers(tmp_path, "up").stdout == up.stdout
        assert infra_servers(tmp_path, "status").returncode == 0
        assert infra_servers(tmp_path, "down").returncode == 0
        status = infra_servers(tmp_path, "status")
        assert status.returncode == 1
        assert not any(json.loads(status.stdout).values())
    finally:
        kill_all(tmp_path)
