"""Makes what a migration asks for and a database lacks, and takes back only what was made.

Each step may be cut short and run again: MySQL commits every change of a table at once, so a
killed upgrade leaves some steps done.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, MetaData, Table, inspect
from sqlalchemy.schema import CreateTable

from services.storage.adoption import conflicts, index_columns, unique_keys
from services.storage.created import Created, Kind, Made
from services.storage.errors import AdoptionRefused
from services.storage.reflected import FoundTable, find


class _Index(NamedTuple):
    name: str
    columns: tuple[str, ...]
    unique: bool


def ensure(connection: Connection, metadata: MetaData, revision: str) -> None:
    """Make the tables, columns and indexes of ``metadata`` that are not there yet.

    Raises:
        AdoptionRefused: what is there cannot serve; names all obstacles, nothing was changed.
    """
    created = Created(connection)
    there = [(wanted, find(connection, wanted.name)) for wanted in metadata.sorted_tables]
    present = [(wanted, found) for wanted, found in there if found is not None]
    if obstacles := conflicts(connection, present, created.knows):
        raise AdoptionRefused(obstacles)
    step = _Step(connection, created, revision)
    for wanted, found in there:
        if found is None:
            step.make_table(wanted)
        else:
            step.complete_table(wanted, found)


def remove(connection: Connection, revision: str) -> None:
    """Drop what this revision made, and nothing that was there before it."""
    created = Created(connection)
    for made in created.of(revision):
        _drop(connection, made)
        created.forget(made)


class _Step:
    """One revision at work: notes each thing, then makes it."""

    def __init__(self, connection: Connection, created: Created, revision: str) -> None:
        self._connection = connection
        self._created = created
        self._revision = revision
        self._operations = _operations(connection)

    def make_table(self, wanted: Table) -> None:
        self._note(wanted, Kind.TABLE, wanted.name)
        self._connection.execute(CreateTable(wanted))
        for index in sorted(_declared(wanted)):
            self._make_index(wanted, index)

    def complete_table(self, wanted: Table, found: FoundTable) -> None:
        if not self._created.knows(wanted.name):
            self._note(wanted, Kind.ADOPTED, wanted.name)
        for column in wanted.columns:
            if column.name not in found.columns:
                self._note(wanted, Kind.COLUMN, column.name)
                ours = self._created.made_table(wanted.name)
                self._operations.add_column(wanted.name, _addable(column, ours))
        for index in _missing(wanted, found):
            self._make_index(wanted, index)

    def _make_index(self, wanted: Table, index: _Index) -> None:
        self._note(wanted, Kind.INDEX, index.name)
        self._operations.create_index(
            index.name, wanted.name, list(index.columns), unique=index.unique
        )

    def _note(self, wanted: Table, kind: Kind, name: str) -> None:
        self._created.note(Made(wanted.name, kind, name), self._revision)


def _addable(column: Column[Any], ours: bool) -> Column[Any]:
    """The shop's rows and programs know nothing of the column, so there it may stay empty."""
    nullable = column.nullable or not ours
    return Column(column.name, column.type, nullable=nullable, server_default=column.server_default)


def _declared(wanted: Table) -> list[_Index]:
    return [
        _Index(str(each.name), index_columns(each), bool(each.unique)) for each in wanted.indexes
    ]


def _missing(wanted: Table, found: FoundTable) -> Iterator[_Index]:
    """Indexes for our keys, which an adopted table may lack, and then the others."""
    names = {index.columns: index.name for index in _declared(wanted)}
    for key in unique_keys(wanted):
        if not found.is_unique(key):
            name = f"aprendiz_{wanted.name}_{'_'.join(key)}"[:64]
            yield _Index(names.get(key, name), key, unique=True)
    for index in sorted(_declared(wanted)):
        if not index.unique and not found.has_index(index.columns):
            yield index


def _drop(connection: Connection, made: Made) -> None:
    """Drop a thing unless it is gone: an earlier attempt may have been killed after it."""
    inspector = inspect(connection)  # a fresh one: it caches what it saw
    if made.kind is Kind.ADOPTED or not inspector.has_table(made.table):
        return
    operations = _operations(connection)
    if made.kind is Kind.TABLE:
        operations.drop_table(made.table)
    elif made.kind is Kind.COLUMN and made.name in _names(inspector.get_columns(made.table)):
        operations.drop_column(made.table, made.name)
    elif made.kind is Kind.INDEX and made.name in _names(inspector.get_indexes(made.table)):
        operations.drop_index(made.name, made.table)


def _names(reflected: list[Any]) -> set[str]:
    return {each["name"] for each in reflected}


def _operations(connection: Connection) -> Operations:
    return Operations(MigrationContext.configure(connection))
