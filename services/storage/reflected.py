"""Reads what a database has: a table's columns, its unique keys, its indexes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.types import TypeEngine

_CHARSETS = text(
    "SELECT column_name AS name, character_set_name AS charset FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = :name"
)

_TYPE = text("SELECT type FROM pragma_table_info(:table) WHERE name = :column")


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column that is there."""

    name: str
    type: TypeEngine[Any]
    numbers_itself: bool
    """Whether the database counts the rows in it."""
    fills_itself: bool
    """Whether an insert may leave it out."""
    charset: str | None
    """MySQL's name of the characters that fit; None elsewhere and for what is no text."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table that is there."""

    name: str
    columns: dict[str, FoundColumn]
    unique: tuple[frozenset[str], ...]
    """Sets of columns that no two rows share."""
    indexed: tuple[tuple[str, ...], ...]
    """The columns of every index, in order."""

    def is_unique(self, columns: Collection[str]) -> bool:
        """Whether some key keeps rows with the same values in these columns out."""
        return any(key <= set(columns) for key in self.unique)

    def has_index(self, columns: tuple[str, ...]) -> bool:
        """Whether some index starts with these columns."""
        return any(index[: len(columns)] == columns for index in self.indexed)


def find(connection: Connection, name: str) -> FoundTable | None:
    """The table as it is now, or None."""
    inspector = inspect(connection)  # a fresh one: it caches what it saw
    if not inspector.has_table(name):
        return None
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    indexes = inspector.get_indexes(name)
    declared = [tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)]
    listed = [(_names(index["column_names"]), index["unique"]) for index in indexes]
    charsets = _charsets(connection, name)
    numbered = _row_id(connection, name, key)
    return FoundTable(
        name,
        {
            column["name"]: _found(column, numbered, charsets.get(column["name"]))
            for column in inspector.get_columns(name)
        },
        unique=tuple(
            frozenset(columns)
            for columns in [key, *declared, *(each for each, unique in listed if unique)]
            if columns
        ),
        indexed=(key, *declared, *(each for each, _ in listed)),
    )


def _found(column: ReflectedColumn, row_id: str | None, charset: str | None) -> FoundColumn:
    numbers_itself = column.get("autoincrement") is True or column["name"] == row_id
    return FoundColumn(
        column["name"],
        column["type"],
        numbers_itself,
        fills_itself=numbers_itself
        or column["nullable"]
        or column["default"] is not None
        or column.get("computed") is not None,
        charset=charset,
    )


def _row_id(connection: Connection, table: str, key: tuple[str, ...]) -> str | None:
    """SQLite's own numbering: a lone key whose type is INTEGER to the letter; INT is not."""
    if connection.dialect.name != "sqlite" or len(key) != 1:
        return None
    declared = connection.scalar(_TYPE, {"table": table, "column": key[0]})
    return key[0] if str(declared).upper() == "INTEGER" else None


def _names(columns: list[str | None]) -> tuple[str, ...]:
    """The columns of an index; an expression has no name and matches nothing."""
    return tuple(name or "" for name in columns)


def _charsets(connection: Connection, table: str) -> dict[str, str | None]:
    if connection.dialect.name != "mysql":
        return {}
    return {row.name: row.charset for row in connection.execute(_CHARSETS, {"name": table})}
