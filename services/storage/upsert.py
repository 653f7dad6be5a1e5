"""Insert what may be there already, on every database, with other errors still raised."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, Any]


class _InsertOrKeep(Insert):
    """An INSERT that leaves a row of the same key as it is."""

    inherit_cache = True


class _InsertOrReplace(Insert):
    """An INSERT that overwrites the other columns of a row of the same primary key."""

    inherit_cache = True


async def insert_ignore(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows; one whose key is taken changes nothing.

    The count of new rows is not told: MySQL does not say. To know, lock what they belong to and
    look first, or read the rows back and compare.
    """
    if rows:
        await connection.execute(_InsertOrKeep(table).inline(), [dict(row) for row in rows])


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows; one whose primary key is taken gets the new values. All rows alike."""
    if rows:
        await connection.execute(replacing(table), [dict(row) for row in rows])


def replacing(table: Table) -> Insert:
    """The statement of ``upsert``."""
    return _InsertOrReplace(table).inline()


@compiles(_InsertOrKeep, "sqlite")
def _keep_sqlite(insert: _InsertOrKeep, compiler: SQLCompiler, **options: Any) -> str:
    return f"{_plain(insert, compiler, options)} ON CONFLICT DO NOTHING"


@compiles(_InsertOrKeep, "mysql")
def _keep_mysql(insert: _InsertOrKeep, compiler: SQLCompiler, **options: Any) -> str:
    # Not INSERT IGNORE, which also hides what is too long, missing or out of range.
    key = _key(insert, compiler)[0]
    return f"{_plain(insert, compiler, options)} ON DUPLICATE KEY UPDATE {key} = {key}"


@compiles(_InsertOrReplace, "sqlite")
def _replace_sqlite(insert: _InsertOrReplace, compiler: SQLCompiler, **options: Any) -> str:
    sets = _sets(insert, compiler, "excluded.{}")
    key = ", ".join(_key(insert, compiler))
    return f"{_plain(insert, compiler, options)} ON CONFLICT ({key}) DO UPDATE SET {sets}"


@compiles(_InsertOrReplace, "mysql")
def _replace_mysql(insert: _InsertOrReplace, compiler: SQLCompiler, **options: Any) -> str:
    # MySQL warns of VALUES(), MariaDB knows nothing else.
    mariadb = getattr(compiler.dialect, "is_mariadb", False)
    alias, source = ("", "VALUES({})") if mariadb else (" AS fresh", "fresh.{}")
    sets = _sets(insert, compiler, source)
    return f"{_plain(insert, compiler, options)}{alias} ON DUPLICATE KEY UPDATE {sets}"


def _plain(insert: Insert, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return str(compiler.visit_insert(insert, **options))  # type: ignore[no-untyped-call]  # theirs


def _key(insert: Insert, compiler: SQLCompiler) -> list[str]:
    table = insert.table
    assert isinstance(table, Table)  # noqa: S101 - narrows the type; only tables are passed
    return [compiler.preparer.format_column(column) for column in table.primary_key]


def _sets(insert: Insert, compiler: SQLCompiler, source: str) -> str:
    key = set(_key(insert, compiler))
    given = [compiler.preparer.quote(name) for name in compiler.column_keys or ()]
    return ", ".join(f"{name} = {source.format(name)}" for name in given if name not in key)
