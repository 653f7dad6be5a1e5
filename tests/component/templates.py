"""A database that is up to date, migrated once a session and copied for each test."""

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.engine import Database
from services.storage.migrate import upgrade

Statement = tuple[str, tuple[Any, ...]]


class Templates:
    """Fills empty databases with what `aprendiz db upgrade` made of the first one."""

    def __init__(self, folder: Path) -> None:
        """Keep SQLite's template in `folder`."""
        self._file = folder / "template.sqlite"
        self._statements: list[Statement] = []

    async def fill(self, url: str) -> None:
        """Bring the empty database at `url` up to date."""
        where = make_url(url)
        if where.get_backend_name() == "sqlite":
            await self._fill_sqlite(where)
        elif self._statements:
            await self._replay(url)
        else:
            await upgrade(url)
            self._statements = await _recorded(url)

    async def _fill_sqlite(self, url: URL) -> None:
        if not self._file.exists():
            await upgrade(url.set(database=str(self._file)).render_as_string())
        shutil.copyfile(self._file, str(url.database))

    async def _replay(self, url: str) -> None:
        async with Database.open(url) as database, database.begin() as connection:
            for statement, values in self._statements:
                await connection.exec_driver_sql(statement, values)


async def _recorded(url: str) -> list[Statement]:
    """All that makes a MySQL database anew: its tables, and the rows that they begin with."""
    async with Database.open(url) as database, database.read() as connection:
        tables = [name for (name,) in await _rows(connection, "SHOW TABLES")]
        statements: list[Statement] = [("SET FOREIGN_KEY_CHECKS = 0", ())]
        for table in tables:
            [(_, made)] = await _rows(connection, f"SHOW CREATE TABLE `{table}`")
            statements.append((made.replace("%", "%%"), ()))
            for row in await _rows(connection, f"SELECT * FROM `{table}`"):
                places = ", ".join(["%s"] * len(row))
                statements.append((f"INSERT INTO `{table}` VALUES ({places})", row))
        return [*statements, ("SET FOREIGN_KEY_CHECKS = 1", ())]


async def _rows(connection: AsyncConnection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.exec_driver_sql(statement)]
