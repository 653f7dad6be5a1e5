"""A certificate knows what its test left out, and its choice. Frozen: what comes later is new."""

from alembic import op
from sqlalchemy import Column, Double, MetaData

from services.storage.columns import Json, Serial
from services.storage.schema import ensure, remove
from services.storage.tables.registry import make_table

revision = "0005"
down_revision = "0004"

_tables = MetaData()


def upgrade() -> None:
    """Make what is missing."""
    ensure(op.get_bind(), _tables, revision)


def downgrade() -> None:
    """Drop what `upgrade` made."""
    remove(op.get_bind(), revision)


make_table(
    _tables,
    "certificates",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kept_out", Json),
    Column("chosen_for", Double),
    comment="unchanged",
)
