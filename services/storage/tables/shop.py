"""The shop's own data that the router looks up: products and orders."""

from sqlalchemy import Boolean, Column, Index, Integer, text

from services.storage.columns import Id, Money, Serial, UtcDateTime, Words, bounded
from services.storage.tables.registry import table

productos = table(
    "productos",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("nombre", Id, nullable=False),
    Column("precio", Money),
    Column("moneda", bounded(8)),
    Column("disponible", Integer),
    Column("promocion", Words),
    Column("categoria", Id),
    Column("sku", Id),
    Column("activo", Boolean, nullable=False, server_default=text("1")),
    Index("productos_sku", "sku", unique=True),
    Index("productos_nombre", "nombre"),
    info={"only_read": True},
    comment="What the shop sells: `disponible` is the stock, empty when it is not counted",
)

pedidos = table(
    "pedidos",
    Column("numero", Id, primary_key=True),
    Column("contacto", Id),
    Column("estado", Id),
    Column("detalle", Words),
    Column("entrega_estimada", Words),
    Column("updated_at", UtcDateTime),
    Index("pedidos_contacto", "contacto"),
    info={"only_read": True},
    comment="Orders and where they are, by the number that the customer knows",
)
