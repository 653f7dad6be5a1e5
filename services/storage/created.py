"""Remembers what our migrations made, so that going down takes nothing that is the shop's.

A note is written before the thing is made: on MySQL the statement that makes it commits the note
too, so that whatever a killed upgrade has made is known to be ours.
"""

from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, inspect, select
from sqlalchemy.schema import CreateTable, DropTable

from services.storage.tables import aprendiz_created as table


class Kind(StrEnum):
    """What a note is about; the order is the one in which things are taken back."""

    INDEX = "index"
    COLUMN = "column"
    TABLE = "table"
    ADOPTED = "adopted"
    """Not made: a table of the shop's that we took as it was."""


class Made(NamedTuple):
    """A thing that a revision made in a table, by its name."""

    table: str
    kind: Kind
    name: str


class Created:
    """The notes of one database."""

    def __init__(self, connection: Connection) -> None:
        """Read them."""
        self._connection = connection
        self._is_there = inspect(connection).has_table(table.name)
        rows = connection.execute(select(table)).all() if self._is_there else []
        self._revisions = {
            Made(row.table_name, Kind(row.kind), row.name): row.revision for row in rows
        }

    def knows(self, name: str) -> bool:
        """Whether we made this table or adopted it before."""
        return self.made_table(name) or Made(name, Kind.ADOPTED, name) in self._revisions

    def made_table(self, name: str) -> bool:
        """Whether this table is ours."""
        return Made(name, Kind.TABLE, name) in self._revisions

    def of(self, revision: str) -> list[Made]:
        """What a revision made, in the order in which it can be taken back."""
        made = [each for each, by in self._revisions.items() if by == revision]
        return sorted(made, key=lambda each: list(Kind).index(each.kind))

    def note(self, made: Made, revision: str) -> None:
        """Note what is about to be made; what goes away with its own table needs no note."""
        with_table = self._revisions.get(Made(made.table, Kind.TABLE, made.table)) == revision
        if with_table or made in self._revisions:
            return
        self._make()
        row = {"table_name": made.table, "kind": made.kind, "name": made.name}
        self._connection.execute(insert(table).values(row | {"revision": revision}))
        self._revisions[made] = revision

    def forget(self, made: Made) -> None:
        """Note that it is gone; with the last note the notes themselves go."""
        this = (table.c.table_name == made.table, table.c.kind == made.kind)
        self._connection.execute(delete(table).where(*this, table.c.name == made.name))
        del self._revisions[made]
        if not self._revisions:
            self._connection.execute(DropTable(table))
            self._is_there = False

    def _make(self) -> None:
        if not self._is_there:
            self._connection.execute(CreateTable(table))
            self._is_there = True
