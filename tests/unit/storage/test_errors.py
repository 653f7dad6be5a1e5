"""Which failures of a database pass by waiting, and which stay."""

import sqlite3

import pytest
from pymysql.err import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.storage.errors import DatabaseAway, DatabaseError, SchemaMismatch, translated


def _wrapped(cause: Exception) -> DBAPIError:
    return DBAPIError("SELECT secret FROM person", {"phone": "+57300"}, cause)


def _sqlite(code: int, words: str = "database is locked") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "cause",
    [
        *(OperationalError(code, "gone") for code in (1053, 1205, 1213, 2003, 2006, 2013)),
        *(OperationalError(code, "no room on the disk") for code in (3, 1021, 1026, 1114)),
        _sqlite(sqlite3.SQLITE_BUSY),
        _sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT),
        _sqlite(sqlite3.SQLITE_LOCKED),
        _sqlite(sqlite3.SQLITE_FULL),
        ConnectionResetError("peer"),
    ],
    ids=repr,
)
def test_what_passes_is_away(cause: Exception) -> None:
    assert isinstance(translated(_wrapped(cause)), DatabaseAway)


@pytest.mark.parametrize(
    "cause",
    [
        IntegrityError(1062, "Duplicate entry"),
        ProgrammingError(1064, "You have an error in your SQL syntax"),
        _sqlite(sqlite3.SQLITE_CONSTRAINT),
    ],
    ids=repr,
)
def test_what_stays_wrong_is_an_error(cause: Exception) -> None:
    assert isinstance(translated(_wrapped(cause)), DatabaseError)


@pytest.mark.parametrize(
    "cause",
    [
        ProgrammingError(1146, "Table 'a.model_aliases' doesn't exist"),
        OperationalError(1054, "Unknown column 'x'"),
        _sqlite(sqlite3.SQLITE_ERROR, "no such table: model_aliases"),
        _sqlite(sqlite3.SQLITE_ERROR, "table evidence has no column named audit"),
    ],
    ids=repr,
)
def test_missing_tables_are_told_with_the_cure(cause: Exception) -> None:
    found = translated(_wrapped(cause))
    assert isinstance(found, SchemaMismatch)
    assert "run `aprendiz db upgrade`" in str(found)


def test_a_pool_without_a_free_connection_is_away() -> None:
    assert isinstance(translated(PoolTimeout("QueuePool limit")), DatabaseAway)


def test_other_peoples_errors_are_left_as_they_are() -> None:
    class BrokerGone(ConnectionError):
        pass

    error = BrokerGone("not ours")
    assert translated(error) is error


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Duplicate entry '+57300' for key 'PRIMARY'",
            "Duplicate entry '...' for key 'PRIMARY'",
        ),
        (
            "Duplicate entry 'x' for key '+57300' for key 'person.phone'",
            "Duplicate entry '...' for key 'person.phone'",
        ),
        (
            r"Incorrect string value: '+57300\xF0' for column `a`.`person`.`phone` at row 1",
            "Incorrect string value: '...' for column `a`.`person`.`phone` at row 1",
        ),
        (
            "Duplicate entry 'dijo \"hola\" +57300' for key 'PRIMARY'",
            "Duplicate entry '...' for key 'PRIMARY'",
        ),
        ("Invalid utf8mb4 character string: '+57300'", "Invalid utf8mb4 character string: '...'"),
        ("Truncated incorrect DOUBLE value: '+57300'", "Truncated incorrect DOUBLE value: '...'"),
    ],
)
def test_the_message_shows_neither_the_statement_nor_its_values(said: str, told: str) -> None:
    assert str(translated(_wrapped(IntegrityError(1062, said)))) == (
        f'The database said: (1062, "{told}")'
    )


def test_a_file_that_a_person_has_to_look_after_is_named_with_what_to_do() -> None:
    cause = _sqlite(sqlite3.SQLITE_READONLY_DIRECTORY, "attempt to write a readonly database")
    told = translated(_wrapped(cause), "/home/shop.sqlite")
    assert str(told) == (
        "The database said: attempt to write a readonly database (/home/shop.sqlite: it may not be "
        "written to: check the owner and mode of file and folder)"
    )
    assert "/home/shop.sqlite" not in str(translated(_wrapped(_sqlite(5)), "/home/shop.sqlite"))
