"""Reads what a batch needs: a few statements, however many turns it has."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from services.router.case import Found, Needs
from services.router.order_numbers import canonical, spellings
from services.router.shelf import shelf_of
from services.storage import claims, shop, turns
from services.storage.engine import Database


class Read(NamedTuple):
    """What the database says about a batch."""

    claims: list[claims.Claim]
    taken_over: set[str]
    """Turns whose customer a person of the shop has spoken to."""
    found: Found


async def read(database: Database, turn_ids: Collection[str], needs: Sequence[Needs]) -> Read:
    """The claims on the turns, and what the actions need, in one transaction."""
    numbers = {spelt for each in needs for number in each.orders for spelt in spellings(number)}
    async with database.read() as connection:
        claimed = await claims.of_turns(connection, turn_ids)
        taken_over = await turns.taken_over(connection, turn_ids)
        products = await shop.products(connection) if any(each.products for each in needs) else ()
        orders = await shop.orders(connection, numbers)
        asks = any(each.keeps_orders for each in needs)
        keeps_orders = bool(orders) or (asks and await shop.keeps_orders(connection))
    by_number = {canonical(order.number): order for order in orders}
    return Read(claimed, taken_over, Found(shelf_of(tuple(products)), by_number, keeps_orders))
