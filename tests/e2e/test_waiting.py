"""A process that starts before its database waits for it, and only for that."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from infra.servers.databases import create_database
from infra.servers.mariadb import MariaDB
from infra.servers.ports import free_port
from tests.e2e.program import APRENDIZ, Program, aprendiz
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(300)


def classifier(folder: Path, database_url: str) -> tuple[Program, str]:
    """A classifier of this database, not started yet, and where it says that it is ready."""
    health = free_port()
    settings = {
        "home": str(folder / "home"),
        "models_dir": str(folder / "models"),
        "database_url": database_url,
        "secret_key": "5e" * 32,
        "metrics_port": str(health),
    }
    program = Program("classifier", [APRENDIZ, "run", "classifier"], folder, settings)
    return program, f"http://127.0.0.1:{health}/livez"


async def waits(program: Program) -> None:
    async def said() -> bool:
        return "connect to MySQL server" in program.log.read_text()

    await until(said, "it says what it waits for")
    assert program.pid


async def test_it_begins_once_the_database_is_there(
    own_mariadb: Callable[[], MariaDB], tmp_path: Path
) -> None:
    server = own_mariadb()
    program, alive = classifier(tmp_path, await create_database(server.url, "late"))
    upgraded = await aprendiz("db", "upgrade", settings=program.settings, cwd=tmp_path)
    assert upgraded.code == 0, upgraded
    await asyncio.to_thread(server.stop)
    program.start()
    try:
        await waits(program)
        await asyncio.to_thread(server.start)
        await program.ready(alive)
        assert await program.stop() == 0
    finally:
        await program.kill()


async def test_it_can_be_stopped_while_it_waits(tmp_path: Path) -> None:
    program, _ = classifier(tmp_path, f"mysql://ana:secret@127.0.0.1:{free_port()}/shop")
    program.start()
    try:
        await waits(program)
        assert "secret" not in program.log.read_text()
        assert await program.stop() == 0
    finally:
        await program.kill()


async def test_a_wrong_password_is_told_at_once(mariadb_server_url: str, tmp_path: Path) -> None:
    wrong = make_url(mariadb_server_url).set(username="nobody", password="wrong", database="shop")
    program, _ = classifier(tmp_path, wrong.render_as_string(hide_password=False))
    ran = await aprendiz("run", "classifier", settings=program.settings, cwd=tmp_path)
    assert ran.code == 1
    assert "Access denied" in ran.err
    assert "Traceback" not in ran.err
