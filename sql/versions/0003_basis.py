"""A certificate's bound is on agreement or on precision. Frozen: what comes later is new."""

from alembic import op
from sqlalchemy import Column, MetaData

from services.storage.columns import Serial, bounded
from services.storage.schema import ensure, remove
from services.storage.tables.registry import make_table

revision = "0003"
down_revision = "0002"

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
    Column("basis", bounded(16)),
    comment="unchanged",
)
