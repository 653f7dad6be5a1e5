"""The door to the database: one engine a process, transactions that end in words when they fail."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.storage.errors import DatabaseAway, UnusableUrl, translated
from services.storage.url import completed, shown

PATIENCE_S = 30.0
"""Seconds that a transaction may take, a wait for a connection or a lock included."""

_LOCK_WAIT_S = 10
_CONNECT_S = 10
_RECYCLE_S = 240  # hosted MySQL often hangs up on clients that were silent for 300 s
_BEGIN = "aprendiz_begin"

# A shop's server may cut what is too long without a word, or read a backslash as itself, which
# the driver does not expect inside of bytes.
_MYSQL_SESSION = (
    "SET time_zone = '+00:00', innodb_lock_wait_timeout = {lock_wait:.0f}, sql_mode = "
    "CONCAT(REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), ',STRICT_TRANS_TABLES')"
)

Transaction = AsyncConnection
"""The caller's transaction, for who may not know SQLAlchemy."""


class Database:
    """One process's way to its database.

    A query function takes the connection of the caller's transaction, so that several of them
    are committed together or not at all. What the database refuses comes out of ``begin`` and
    ``read`` as DatabaseAway (wait and try again) or DatabaseError (it is wrong, and stays wrong).
    """

    def __init__(self, url: URL, engine: AsyncEngine, patience: float) -> None:
        """Use ``open``; ``patience`` is in seconds."""
        self.url = url
        self._reader = engine
        self._writer = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._patience = patience
        # SQLite admits one writer and lets the others poll; in one process they can queue.
        self._queue = asyncio.Lock() if url.get_backend_name() == "sqlite" else None

    @classmethod
    def open(cls, url: str, *, patience: float = PATIENCE_S) -> Self:
        """Prepare an engine; nothing is connected before the first transaction.

        Raises:
            UnusableUrl: the URL names no database that we can use, or a folder that can't be made.
        """
        whole = completed(url)
        make = _sqlite if whole.get_backend_name() == "sqlite" else _mysql
        return cls(whole, make(whole, min(patience, _LOCK_WAIT_S)), patience)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes: committed at the end, rolled back when it raises.

        Raises:
            DatabaseAway: the database cannot serve now; nothing of the transaction is kept,
                unless the connection broke during the commit: then nobody knows.
            DatabaseError: the database refused a statement; nothing was kept.
        """
        async with self._in_words(), self._turn(), self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads: it is always rolled back.

        Raises:
            DatabaseAway: the database cannot serve now.
            DatabaseError: the database refused a statement.
        """
        async with self._in_words(), self._reader.connect() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises DatabaseAway when there is none."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Hang up. Transactions should have ended before."""
        await self._reader.dispose()

    async def __aenter__(self) -> Self:
        """Use as a context that closes at its end."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    def _turn(self) -> AbstractAsyncContextManager[Any]:
        return self._queue or nullcontext()

    @asynccontextmanager
    async def _in_words(self) -> AsyncIterator[None]:
        deadline = asyncio.timeout(self._patience)
        try:
            async with deadline:
                yield
        except Exception as error:
            if deadline.expired():
                silent = f"{shown(self.url)} did not answer within {self._patience:g} s"
                raise DatabaseAway(silent) from error
            told = translated(error, self.url.database)
            if told is error:
                raise
            raise told from None  # its own words may quote what people wrote


# Parameters are what people write and who they are: no error may carry them into a log.
def _mysql(url: URL, lock_wait: float) -> AsyncEngine:
    return create_async_engine(
        url,
        hide_parameters=True,
        # A statement sees what was committed before it: what a claim or a lock just waited
        # for is read as it is now, and no gap locks make writers of other rows wait.
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_S,
        pool_size=5,
        max_overflow=15,
        pool_timeout=PATIENCE_S,
        connect_args={
            "init_command": _MYSQL_SESSION.format(lock_wait=max(lock_wait, 1)),
            "connect_timeout": _CONNECT_S,
        },
    )


def _sqlite(url: URL, lock_wait: float) -> AsyncEngine:
    _make_folder(Path(url.database or "").absolute().parent)
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_timeout=PATIENCE_S,
        # The driver would begin late and unasked; we begin ourselves, and at once.
        connect_args={"isolation_level": None, "timeout": lock_wait},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "invalidate", _end_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableUrl(
            f"The database's folder {folder} cannot be made: {error.strerror}: check the path in "
            "its URL, and the owner and mode of the folder above"
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Read-then-write under a plain BEGIN loses updates between processes without an error.
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _end_sqlite(connection: Any, _record: Any, _why: BaseException | None) -> None:
    # A task that is cancelled in mid-query leaves a cursor behind, and SQLite keeps a closed
    # connection's transaction, its lock included, until Python has collected that cursor.
    with suppress(ValueError, sqlite3.Error):  # closed already, or out of order: it is left
        connection.run_async(lambda driver: driver.rollback())
