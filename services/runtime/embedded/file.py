"""The broker's file: how it is opened, what is in it, and what its errors mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stamina

from services.runtime.broker import BrokerAway

FORMAT = 1
"""Version of the tables below, kept in the file's ``user_version``."""
BUSY_SECONDS = 5.0
"""How long to wait for another process to finish its transaction."""
WAL_BYTES = 64 * 1024 * 1024
"""The write-ahead log shrinks back to this after a burst."""

_TABLES = """
CREATE TABLE topology (version INTEGER NOT NULL);
INSERT INTO topology VALUES (0);
CREATE TABLE exchanges (name TEXT PRIMARY KEY, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE queues (
    name TEXT PRIMARY KEY,
    arguments TEXT NOT NULL,  -- JSON
    owner INTEGER             -- the consumer with whom a private queue disappears
) WITHOUT ROWID;
CREATE TABLE bindings (
    exchange TEXT NOT NULL, queue TEXT NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (exchange, queue, key)
) WITHOUT ROWID;
CREATE TABLE consumers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lease_until REAL NOT NULL  -- seconds since 1970
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: with deliveries it names a delivery
    queue TEXT NOT NULL,
    consumer INTEGER,  -- who has it in hand; none: it is ready
    deliveries INTEGER NOT NULL DEFAULT 0,
    expires_at REAL,
    routing_key TEXT NOT NULL,
    event_id TEXT NOT NULL,
    headers TEXT NOT NULL,  -- JSON
    body BLOB NOT NULL
);
CREATE INDEX ready ON messages (queue, id) WHERE consumer IS NULL;
CREATE INDEX in_hand ON messages (consumer) WHERE consumer IS NOT NULL;
CREATE INDEX passing ON messages (expires_at) WHERE expires_at IS NOT NULL;
"""

_CURES = {
    "SQLITE_BUSY": "another program keeps it locked: close the backup or browser that has it open",
    "SQLITE_CANTOPEN": "it cannot be opened: check that its folder may be written to",
    "SQLITE_READONLY": "it may not be written to: check the owner and mode of file and folder",
    "SQLITE_PERM": "it may not be written to: check the owner and mode of file and folder",
    "SQLITE_FULL": "the disk is full: make room",
    "SQLITE_IOERR": "the disk failed: check it, and that it is a local one",
    "SQLITE_NOTADB": "it is not a broker's file: move it away and a new one is made",
    "SQLITE_CORRUPT": "it is damaged: save what `sqlite3 FILE .recover` finds, then move it away",
}


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file, making it and its folder when they are missing.

    Raises:
        BrokerAway: it cannot be used; says which file, why, and what to do.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _prepare(database)
        except BaseException:
            database.close()
            raise
        return database


def _prepare(database: sqlite3.Connection) -> None:
    _switch_to_wal(database)
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    with transaction(database):
        found = database.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            _create(database)
        elif found != FORMAT:
            raise BrokerAway(f"its format is {found}, this program's {FORMAT}: move it away")


def _switch_to_wal(database: sqlite3.Connection) -> None:
    # Two who switch a new file at once would wait for each other: SQLite refuses one at once.
    for attempt in stamina.retry_context(
        on=_is_busy, attempts=None, timeout=BUSY_SECONDS, wait_initial=0.01, wait_max=0.1
    ):
        with attempt:
            database.execute("PRAGMA journal_mode = WAL")


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def _create(database: sqlite3.Connection) -> None:
    # Not executescript: that would commit the transaction which keeps a second creator out.
    for statement in _TABLES.split(";\n"):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Write alone, and all or nothing; on return it is on the disk."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself after some errors, such as a full disk.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextmanager
def savepoint(database: sqlite3.Connection) -> Iterator[None]:
    """A part of a transaction that is undone alone when it fails."""
    database.execute("SAVEPOINT part")
    try:
        yield
    except Exception:
        database.execute("ROLLBACK TO part")
        raise
    finally:
        database.execute("RELEASE part")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into words, with the file's name and the cure."""
    try:
        yield
    except sqlite3.Error as error:
        raise BrokerAway(f"embedded broker {path}: {_cure(error)} ({error})") from error
    except BrokerAway as error:
        raise BrokerAway(f"embedded broker {path}: {error}") from error
    except OSError as error:
        raise BrokerAway(f"embedded broker {path}: {error}") from error


def _cure(error: sqlite3.Error) -> str:
    # Extended codes carry a suffix: SQLITE_READONLY_DIRECTORY. Python's own errors have no code.
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    return _CURES.get(name, "it cannot be used: see the reason")
