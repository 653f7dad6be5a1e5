"""Fresh databases on a MariaDB or MySQL server, ours or one that the environment names."""

import warnings
from urllib.parse import unquote, urlsplit

import aiomysql


async def create_database(server_url: str, name: str) -> str:
    """Make an empty utf8mb4 database unless it exists; returns its SQLAlchemy URL."""
    await _execute(server_url, f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
    return urlsplit(server_url)._replace(path=f"/{name}", query="charset=utf8mb4").geturl()


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database with all that is in it."""
    await _execute(server_url, f"DROP DATABASE IF EXISTS `{name}`")


async def _execute(server_url: str, statement: str) -> None:
    url = urlsplit(server_url)
    connection = await aiomysql.connect(
        host=url.hostname,
        port=url.port or 3306,
        user=unquote(url.username or "root"),
        password=unquote(url.password or ""),
    )
    try:
        async with connection.cursor() as cursor:
            with warnings.catch_warnings():
                # The server notes it when the database is there already, which is meant.
                warnings.simplefilter("ignore", aiomysql.Warning)
                await cursor.execute(statement)
    finally:
        await connection.ensure_closed()
