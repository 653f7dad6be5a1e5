"""A yes and a no are actions of their own. Frozen: what comes later is new."""

from alembic import op
from sqlalchemy import ColumnElement, column, table, update

revision = "0004"
down_revision = "0003"

_intents = table("intenciones_sistema", column("nombre"), column("accion"))


def upgrade() -> None:
    """Tell the no by the name that it came with; every other one was a yes."""
    _turn("context", "deny", _intents.c.nombre == "negar")
    _turn("context", "affirm")


def downgrade() -> None:
    """Make them one action again."""
    _turn("affirm", "context")
    _turn("deny", "context")


def _turn(old: str, new: str, *where: ColumnElement[bool]) -> None:
    chosen = update(_intents).where(_intents.c.accion == old, *where)
    op.get_bind().execute(chosen.values(accion=new))
