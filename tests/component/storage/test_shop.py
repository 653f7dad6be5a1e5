"""A shop's products and orders are read as they are, and a demonstration shop opens once."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from services.storage import settings
from services.storage.engine import Database
from services.storage.shop import (
    Order,
    Product,
    Stock,
    keeps_orders,
    orders,
    parse_stock,
    products,
    seed_demo,
)
from services.storage.tables import productos

DEMO = Path(__file__).parents[3] / "training_data/demo_shop.json"
SMALL = Stock(
    {"negocio_nombre": "Tienda"},
    (Product("Té", Decimal("1299.50"), "MXN", 3, "2x1", "Bebidas", "TE"), Product("Café")),
    (Order("A-1", "+573001234567", "en camino", "hoy"), Order("2")),
)


async def test_products_and_orders_are_read_as_they_were_written(database: Database) -> None:
    async with database.begin() as connection:
        assert not await keeps_orders(connection)
        assert await seed_demo(connection, SMALL)
        assert await products(connection) == sorted(SMALL.products, key=lambda each: each.name)
        assert await orders(connection, ["A-1", "a-1", "9"]) == [SMALL.orders[0]]
        assert await orders(connection, []) == []
        assert await keeps_orders(connection)


async def test_a_product_that_was_taken_off_is_not_read(database: Database) -> None:
    rows = [{"nombre": "Vieja", "activo": False}, {"nombre": "Nueva", "activo": True}]
    async with database.begin() as connection:
        await connection.execute(insert(productos).inline(), rows)
        assert [each.name for each in await products(connection)] == ["Nueva"]


async def test_the_demonstration_shop_opens_only_where_no_product_is(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(productos).values(nombre="Mía").inline())
        assert not await seed_demo(connection, SMALL)
        assert [each.name for each in await products(connection)] == ["Mía"]
        assert not await keeps_orders(connection)


async def test_the_demonstration_shop_leaves_what_the_owner_has_set(database: Database) -> None:
    async with database.begin() as connection:
        await settings.write(connection, {"negocio_nombre": "La mía"}, "ana")
        await seed_demo(connection, parse_stock(DEMO.read_bytes()))
        stored = (await settings.read(connection)).values
    assert stored["negocio_nombre"] == "La mía"
    assert stored["negocio_horario"]


def test_the_demonstration_shop_is_small_and_whole() -> None:
    demo = parse_stock(DEMO.read_bytes())
    assert len(demo.products) == 12
    assert len(demo.orders) == 5
    assert any(each.promotion for each in demo.products)
    assert any(each.stock == 0 for each in demo.products)


def test_a_wrong_shop_is_refused_by_the_name_of_the_place() -> None:
    with pytest.raises(ValueError, match=r"products\.0\.name"):
        parse_stock('{"settings": {}, "products": [{"price": "1"}], "orders": []}')
