"""What the shop sells and has sold: products and orders, other programs' tables that we read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage import settings
from services.storage.clock import now
from services.storage.tables import pedidos, productos
from services.storage.upsert import insert_ignore

MOST_PRODUCTS = 5_000
"""Products that are read, by name: a chat answers for a shop, not for a warehouse."""
_DEMO = "demo"
"""Who the history says wrote the demonstration shop's settings."""


@dataclass(frozen=True, slots=True)
class Product:
    """One row of ``productos``. ``stock`` is None where it is not counted."""

    name: str
    price: Decimal | None = None
    currency: str | None = None
    stock: int | None = None
    promotion: str | None = None
    category: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One row of ``pedidos``. ``contact`` is the buyer's user id or phone, where it is known."""

    number: str
    contact: str | None = None
    state: str | None = None
    expected: str | None = None
    """When it should arrive, in the shop's own words."""


async def products(connection: AsyncConnection) -> list[Product]:
    """What is on sale, by name, sold out or not; at most ``MOST_PRODUCTS``."""
    columns = productos.c
    query = (
        select(
            columns.nombre,
            columns.precio,
            columns.moneda,
            columns.disponible,
            columns.promocion,
            columns.categoria,
            columns.sku,
        )
        # A shop's own row may say nothing; only a plain no, or no name, takes it off.
        .where(columns.activo.is_not(False), columns.nombre.is_not(None))
        .order_by(columns.nombre)
        .limit(MOST_PRODUCTS)
    )
    return [Product(*row) for row in await connection.execute(query)]


async def orders(connection: AsyncConnection, numbers: Collection[str]) -> list[Order]:
    """The orders of these numbers, as they are spelt in the table."""
    if not numbers:
        return []
    columns = pedidos.c
    query = select(columns.numero, columns.contacto, columns.estado, columns.entrega_estimada)
    rows = await connection.execute(query.where(columns.numero.in_(numbers)))
    return [Order(*row) for row in rows]


async def keeps_orders(connection: AsyncConnection) -> bool:
    """Whether this shop's orders are in the table at all."""
    return await connection.scalar(select(pedidos.c.numero).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Stock:
    """A whole shop to begin with: its facts under the names of the settings, products, orders."""

    settings: Mapping[str, str]
    products: tuple[Product, ...]
    orders: tuple[Order, ...]


def parse_stock(text: str | bytes) -> Stock:
    """A shop written in JSON, such as ``training_data/demo_shop.json``.

    Raises:
        ValueError: it is no such shop; the message names the places.
    """
    return TypeAdapter(Stock).validate_json(text)


async def seed_demo(connection: AsyncConnection, shop: Stock) -> bool:
    """Open a demonstration shop where no product is: False when there is one, nothing changed.

    Settings and orders that are there already are left as they are.
    """
    if await connection.scalar(select(productos.c.id).limit(1)) is not None:
        return False
    await insert_ignore(connection, productos, [_product_row(each) for each in shop.products])
    moment = await now(connection)
    rows = [{**_order_row(each), "updated_at": moment} for each in shop.orders]
    await insert_ignore(connection, pedidos, rows)
    stored = (await settings.read(connection)).values
    facts = {key: value for key, value in shop.settings.items() if not stored.get(key)}
    await settings.write(connection, facts, _DEMO)
    return True


def _product_row(product: Product) -> dict[str, Any]:
    return {
        "nombre": product.name,
        "precio": product.price,
        "moneda": product.currency,
        "disponible": product.stock,
        "promocion": product.promotion,
        "categoria": product.category,
        "sku": product.sku,
    }


def _order_row(order: Order) -> dict[str, Any]:
    return {
        "numero": order.number,
        "contacto": order.contact,
        "estado": order.state,
        "entrega_estimada": order.expected,
    }
