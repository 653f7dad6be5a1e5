"""Decides whether a table that is already there can serve as ours; names what is in the way."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnClause,
    Connection,
    DateTime,
    Enum,
    Float,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    select,
    table,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from services.storage.columns import Json
from services.storage.reflected import FoundColumn, FoundTable

_SHORTEST = 64
"""Characters that a text column of any length of ours needs at least in practice."""
_SHOWN = 5

_UNBOUNDED = (Text, mysql.TINYTEXT, mysql.MEDIUMTEXT, mysql.LONGTEXT)

_Kinds = tuple[type[TypeEngine[Any]], ...]


def conflicts(
    connection: Connection,
    present: Iterable[tuple[Table, FoundTable]],
    known: Callable[[str], bool],
) -> list[str]:
    """Every obstacle to using the tables that are there as the wanted ones, a sentence each.

    ``known`` tells the tables that we made or adopted before: how rows get into them is settled.
    """
    return [
        obstacle
        for wanted, found in present
        for obstacle in _obstacles(connection, wanted, found, known(wanted.name))
    ]


def unique_keys(wanted: Table) -> list[tuple[str, ...]]:
    """The columns of each key that keeps repeats out, row numbers aside."""
    constraints = [
        tuple(constraint.columns.keys())
        for constraint in wanted.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
        and not any(is_serial(each) for each in constraint.columns)
    ]
    indexes = [index_columns(index) for index in wanted.indexes if index.unique]
    return [key for key in constraints + indexes if key]


def index_columns(index: Index) -> tuple[str, ...]:
    """The names of the columns that an index is over."""
    return tuple(str(each.name) for each in index.columns)


def is_serial(wanted: Column[Any]) -> bool:
    """Whether the database numbers the rows in this column."""
    return wanted.autoincrement is True


def _obstacles(
    connection: Connection, wanted: Table, found: FoundTable, known: bool
) -> Iterator[str]:
    mysql = connection.dialect.name == "mysql"
    for each in wanted.columns:
        there = found.columns.get(each.name)
        if there is not None:
            yield from _column_obstacles(wanted.name, each, there, mysql)
        elif is_serial(each):
            yield f"{wanted.name} has no column {each.name}: it needs one that numbers its rows"
    if not known and not wanted.info.get("only_read"):
        yield from _left_empty(wanted, found)
    for key in unique_keys(wanted):
        yield from _key_obstacles(connection, found, key)


def _column_obstacles(
    name: str, wanted: Column[Any], there: FoundColumn, mysql: bool
) -> Iterator[str]:
    place = f"{name}.{wanted.name}"
    if is_serial(wanted) and not there.numbers_itself:
        yield f"{place} does not number the rows: it must be an integer key that counts by itself"
    elif not _compatible(wanted.type, there.type):
        yield f"{place} is {there.type!r}: it must hold {_kind(wanted.type)}"
    elif mysql and (short := _too_short(wanted, there.type)):
        yield f"{place} holds {short[0]} characters: it needs {short[1]} at least"
    elif wanted.info.get("any_text") and there.charset not in (None, "utf8mb4"):
        yield (
            f"{place} holds {there.charset} characters, no emoji: "
            f"ALTER TABLE {name} CONVERT TO CHARACTER SET utf8mb4"
        )


def _left_empty(wanted: Table, found: FoundTable) -> Iterator[str]:
    filled = {each.name for each in wanted.columns if not is_serial(each)}
    for there in found.columns.values():
        if there.name not in filled and not there.fills_itself:
            yield (
                f"{wanted.name}.{there.name} is NOT NULL without a default, and we don't fill "
                "it: give it a default, or let it be NULL"
            )


def _key_obstacles(
    connection: Connection, found: FoundTable, key: tuple[str, ...]
) -> Iterator[str]:
    if found.is_unique(key) or not set(key) <= set(found.columns):
        return
    listed = ", ".join(key)
    if connection.dialect.name == "mysql" and any(
        isinstance(found.columns[name].type, _UNBOUNDED) for name in key
    ):
        yield f"{found.name}({listed}) must be unique, and TEXT cannot be: make it VARCHAR(191)"
    elif repeats := _repeats(connection, found.name, key):
        yield f"{found.name}({listed}) must be unique, and these are there twice: {repeats}"


def _repeats(connection: Connection, name: str, key: Sequence[str]) -> str:
    columns: list[ColumnClause[Any]] = [column(each) for each in key]
    query = (
        select(*columns)
        .select_from(table(name, *columns))
        .where(*(each.is_not(None) for each in columns))
        .group_by(*columns)
        .having(func.count() > 1)
        .limit(_SHOWN)
    )
    return "; ".join(", ".join(map(str, row)) for row in connection.execute(query))


def _compatible(wanted: TypeEngine[Any], there: TypeEngine[Any]) -> bool:
    _, accepted, refused = _family(wanted)
    return isinstance(there, accepted) and not isinstance(there, refused)


def _kind(wanted: TypeEngine[Any]) -> str:
    return _family(wanted)[0]


def _family(wanted: TypeEngine[Any]) -> tuple[str, _Kinds, _Kinds]:
    """What a column holds in words, the types that can hold it, and those among them that can't."""
    if isinstance(wanted, Json):
        return "text or JSON", (String, JSON), (Enum,)
    plain = wanted.impl_instance if isinstance(wanted, TypeDecorator) else wanted
    return next(row for row in _FAMILIES if isinstance(plain, row[1][0]))


# The first type of each row is ours. An ENUM is text that refuses words it does not know.
_FAMILIES: tuple[tuple[str, _Kinds, _Kinds], ...] = (
    ("text", (String,), (Enum,)),
    ("true or false", (Boolean, Integer), ()),
    ("whole numbers", (Integer,), ()),
    ("numbers", (Numeric, Float, Integer), ()),
    ("numbers", (Float, Numeric, Integer), ()),
    ("a date and time", (DateTime,), ()),
    ("bytes", (LargeBinary, mysql.MEDIUMBLOB, mysql.LONGBLOB), ()),
)


def _too_short(wanted: Column[Any], there: TypeEngine[Any]) -> tuple[int, int] | None:
    length = getattr(there, "length", None)
    if not isinstance(there, String) or length is None:
        return None
    ours = getattr(wanted.type, "length", None) or _SHORTEST
    needed: int = wanted.info.get("at_least", min(ours, _SHORTEST))
    return (length, needed) if length < needed else None
