"""The registry of tables, and how each is made."""

from functools import partial
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.schema import SchemaItem

metadata = MetaData()


def make_table(
    metadata: MetaData,
    name: str,
    *items: SchemaItem,
    comment: str,
    info: dict[str, Any] | None = None,
) -> Table:
    """Register a table: utf8mb4 whatever the server's default is, row numbers never used twice."""
    return Table(
        name,
        metadata,
        *items,
        comment=comment,
        info=info,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
        # Without it SQLite hands a deleted row's number to the next one: a late `outbox.done` of
        # a process that was slow would then delete an event that nobody has published.
        sqlite_autoincrement=any(getattr(item, "autoincrement", None) is True for item in items),
    )


table = partial(make_table, metadata)
"""Register one of today's tables."""
