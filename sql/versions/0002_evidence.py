"""Evidence and certificates, and what became of a sample. Frozen: what comes later is new."""

from functools import partial

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, text

from services.storage.columns import Id, Serial, UtcDateTime, Words, bounded
from services.storage.schema import ensure, remove
from services.storage.tables.registry import make_table

revision = "0002"
down_revision = "0001"

_tables = MetaData()
_table = partial(make_table, _tables)


def upgrade() -> None:
    """Make what is missing."""
    ensure(op.get_bind(), _tables, revision)


def downgrade() -> None:
    """Drop what `upgrade` made."""
    remove(op.get_bind(), revision)


_table(
    "training_samples",
    Column("id", Serial, primary_key=True, autoincrement=True),  # these two for the indexes
    Column("turn_id", Id),
    Column("estado", bounded(16)),
    Column("motivo", bounded(32)),
    Column("dicho", Id),
    Column("seguridad", Double),
    Column("propuesta", Id),
    Index("training_samples_turn", "turn_id"),
    Index("training_samples_estado", "estado", "id"),
    comment="unchanged",
)

_table(
    "evidence",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("turn_id", Id, nullable=False),
    Column("text", Words),
    Column("contact_id", Id),
    Column("origin", bounded(16)),
    Column("said", Id),
    Column("confidence", Double),
    Column("model_version", Id),
    Column("drawn", Boolean, nullable=False, server_default=text("0")),
    Column("teacher", Id),
    Column("second", Id),
    Column("person", Id),
    Column("audit", bounded(16)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("evidence_turn", "turn_id", unique=True),
    Index("evidence_drawn", "drawn", "origin", "id"),
    Index("evidence_audit", "audit", "id"),
    comment="Graded turns: what the student said live, beside the labels given to it since",
)

_table(
    "certificates",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("cause", bounded(16), nullable=False),
    Column("model_version", Id),
    Column("state", bounded(16), nullable=False),
    Column("threshold", Double, nullable=False),
    Column("certified", Double),
    Column("provisional", Double),
    Column("floor", Double),
    Column("was_certified", Boolean, nullable=False, server_default=text("0")),
    Column("number", Integer),
    Column("level", Double),
    Column("seen_up_to", BigInteger),
    Column("looked_at", Integer, nullable=False, server_default=text("0")),
    Column("accepted_rows", Integer, nullable=False, server_default=text("0")),
    Column("right_rows", Integer, nullable=False, server_default=text("0")),
    Column("bound", Double),
    Column("target", Double, nullable=False),
    Column("why", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("certificates_cause", "cause", "id"),
    comment="What looks at the evidence and promotions led to, the newest is in force",
)
