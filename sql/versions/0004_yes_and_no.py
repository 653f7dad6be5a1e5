"""A yes and a no are actions of their own; what a contact sent today is found by an index.

Frozen: what comes later is new.
"""

from functools import partial

from alembic import op
from sqlalchemy import Column, ColumnElement, Index, MetaData, column, table, update

from services.storage.columns import Id, Serial, UtcDateTime
from services.storage.schema import ensure, remove
from services.storage.tables.registry import make_table

revision = "0004"
down_revision = "0003"

_tables = MetaData()
_table = partial(make_table, _tables)
_intents = table("intenciones_sistema", column("nombre"), column("accion"))


def upgrade() -> None:
    """Make what is missing."""
    ensure(op.get_bind(), _tables, revision)
    _turn({"context": "deny"}, _intents.c.nombre == "negar")
    _turn({"context": "affirm"})


def downgrade() -> None:
    """Drop what `upgrade` made."""
    _turn({"affirm": "context", "deny": "context"})
    remove(op.get_bind(), revision)


def _turn(actions: dict[str, str], *where: ColumnElement[bool]) -> None:
    for old, new in actions.items():
        chosen = update(_intents).where(_intents.c.accion == old, *where)
        op.get_bind().execute(chosen.values(accion=new))


_table(
    "training_samples",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("contact_id", Id),
    Column("created_at", UtcDateTime),
    Index("training_samples_contact", "contact_id", "created_at"),
    comment="unchanged",
)
