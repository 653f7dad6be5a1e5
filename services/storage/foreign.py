"""Reads ``training_samples`` of a database that may not be ours yet, and writes nothing."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from services.storage.errors import UnusableUrl, translated
from services.storage.url import completed, shown

_ROWS = text("SELECT * FROM training_samples")


async def training_rows(url: str) -> list[dict[str, Any]]:
    """The rows as they are, by the names of their columns.

    Raises:
        UnusableUrl: the URL names no database that we can use, or a file that is not there.
        DatabaseAway: the database cannot serve now.
        DatabaseError: it has no such table.
    """
    engine = create_async_engine(_read_only(completed(url)), hide_parameters=True)
    try:
        async with engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(_ROWS)).mappings()]
    except DBAPIError as error:
        raise translated(error) from error
    finally:
        await engine.dispose()


def _read_only(url: URL) -> URL:
    """SQLite would make a file that is not there."""
    if url.get_backend_name() != "sqlite":
        return url
    file = Path(url.database or "").absolute()
    if not file.is_file():
        raise UnusableUrl(f"{shown(url)}: there is no such file")
    return url.set(database=file.as_uri()).update_query_dict({"mode": "ro", "uri": "true"})
