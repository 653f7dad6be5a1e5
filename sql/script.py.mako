"""${message}"""

from functools import partial

from alembic import op
from sqlalchemy import Column, MetaData

from services.storage.schema import ensure, remove
from services.storage.tables.registry import make_table

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

# New tables whole; of tables that are there, the new columns and indexes alone.
_tables = MetaData()
_table = partial(make_table, _tables)


def upgrade() -> None:
    """Make what is missing."""
    ensure(op.get_bind(), _tables, revision)


def downgrade() -> None:
    """Drop what `upgrade` made."""
    remove(op.get_bind(), revision)
