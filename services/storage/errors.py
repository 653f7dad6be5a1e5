"""What can go wrong with the database, in words; drivers' errors don't leave this package."""

import re
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# MySQL's and MariaDB's numbers for "not now": too many connections, access or database not
# (yet) there, shutdown, network, lock wait, deadlock, read-only during a failover.
_AWAY_SERVER = {1040, 1044, 1045, 1049, 1053, 1129, 1158, 1159, 1160, 1161, 1203, 1205}
# Of these, what a wrong URL is told as well: no such user, password or database.
_NOT_LET_IN = {1044, 1045, 1049}
# A full disk, as the writer of a file, MyISAM, another writer and InnoDB call it.
_DISK_FULL = {3, 1021, 1026, 1114}
_AWAY_MYSQL = {1213, 1226, 1290, 1317, 1836, 1927, 2002, 2003, 2005, 2006, 2013}
_AWAY_MYSQL |= _AWAY_SERVER | _DISK_FULL
# SQLite's: busy, locked, read-only, I/O error, full, cannot open, protocol.
_AWAY_SQLITE = {5, 6, 8, 10, 13, 14, 15}
# What a person does about SQLite's: read-only, I/O error, damaged, full, cannot open, no database.
_CURES_SQLITE = {
    8: "it may not be written to: check the owner and mode of file and folder",
    10: "the disk failed: check it, and that it is a local one",
    11: "it is damaged: put it back from a backup, or save what `sqlite3 FILE .recover` finds",
    13: "the disk is full: make room",
    14: "it cannot be opened: check that its folder is there and may be written to",
    26: "it is no database of SQLite: put it back from a backup, or move it away",
}
# No such table or column. SQLite has only words for it.
_MISSING_MYSQL = {1054, 1146}
_MISSING_SQLITE = ("no such table", "no such column", "has no column named")
# The value may hold quotation marks itself; what follows it may be a key's name in such marks.
_VALUE = re.compile(r"((?:entry|value:?|string:?|near) )(?:'.*'(?= for )|'.*')", re.DOTALL)
_MASKED = r"\1'...'"
# Not OSError: what else the caller's transaction touches may raise its own kinds of it.
_BROKEN = (ConnectionResetError, ConnectionAbortedError, ConnectionRefusedError, BrokenPipeError)


class DatabaseAway(ConnectionError):
    """The database cannot serve now: unreachable, restarting, locked or full. Wait for it."""


class NotLetIn(DatabaseAway):
    """The server does not know the user, the password or the database of our URL."""


class DatabaseError(Exception):
    """The database refused a statement, and will refuse it again: the message says why."""


class UnusableUrl(ValueError):
    """A database URL that names no database we can use; the message shows a good one."""


class SchemaMismatch(DatabaseError):
    """The tables are not this release's: older, newer or missing. The message names the cure."""


class AdoptionRefused(DatabaseError):
    """Tables that are already there cannot be adopted as they are; nothing was changed.

    Attributes:
        conflicts: every obstacle, a sentence each with its cure.
    """

    def __init__(self, conflicts: Sequence[str]) -> None:
        """Keep all ``conflicts`` and list them."""
        listed = "\n".join(f"  - {conflict}" for conflict in conflicts)
        super().__init__(
            f"This database has tables that cannot be adopted as they are; nothing was changed:\n"
            f"{listed}\nChange them, or name another database, then run `aprendiz db upgrade`."
        )
        self.conflicts = tuple(conflicts)


class LeaseLost(Exception):
    """Another holder took the lease, or it ran out: whatever was done under it must not count."""


def translated(error: Exception, file: str | None = None) -> Exception:
    """The error in this package's words; what is not the database's comes back as it is.

    ``file`` is SQLite's, to be named where a person has to look after it.
    """
    if isinstance(error, DBAPIError):
        said = f"The database said: {_without_values(error.orig)}{_cure(error, file)}"
        if _lacks_tables(error):
            cure = "run `aprendiz db upgrade`."
            return SchemaMismatch(f"{said}. Its tables are not this release's: {cure}")
        if not _is_away(error):
            return DatabaseError(said)
        return NotLetIn(said) if _code(error) in _NOT_LET_IN else DatabaseAway(said)
    if isinstance(error, PoolTimeout):
        return DatabaseAway("All connections to the database are in use, and none came free")
    if isinstance(error, StatementError) and isinstance(error.orig, ValueError):
        return error.orig
    if isinstance(error, _BROKEN):
        return DatabaseAway(f"The connection to the database failed: {error!r}")
    return error


def _cure(error: DBAPIError, file: str | None) -> str:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return f" ({file}: {_CURES_SQLITE[code]})" if code in _CURES_SQLITE else ""


def _without_values(cause: BaseException | None) -> str:
    """What a server says of a duplicate or of a wrong value, without quoting it: it is somebody's.

    Names of keys and columns stay.
    """
    match cause:
        case Exception(args=(int(number), str(words))):
            return f'({number}, "{_VALUE.sub(_MASKED, words)}")'
    return _VALUE.sub(_MASKED, str(cause))


def _is_away(error: DBAPIError) -> bool:
    cause = error.orig
    if error.connection_invalidated or isinstance(cause, _BROKEN):
        return True
    sqlite_code = getattr(cause, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return (sqlite_code & 0xFF) in _AWAY_SQLITE
    return _code(error) in _AWAY_MYSQL


def _code(error: DBAPIError) -> object:
    """The driver's number for it, or whatever it says first."""
    cause = error.orig
    return cause.args[0] if cause is not None and cause.args else None


def _lacks_tables(error: DBAPIError) -> bool:
    cause = error.orig
    if getattr(cause, "sqlite_errorcode", None) is not None:
        return any(words in str(cause) for words in _MISSING_SQLITE)
    return bool(cause is not None and cause.args and cause.args[0] in _MISSING_MYSQL)
