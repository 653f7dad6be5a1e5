"""Fills an empty database: the catalogue that a shop starts with, and a shop to look at."""

from pathlib import Path

from contracts.catalogue import parse_catalogue
from services.storage import catalogue, shop
from services.storage.engine import Database

DATA = Path(__file__).parent.parent / "training_data"


async def seed_catalogue(database: Database) -> bool:
    """Store the catalogue and its examples where there is none; False when there is one."""
    given = parse_catalogue((DATA / "base_intents.json").read_bytes())
    async with database.begin() as connection:
        return await catalogue.seed(connection, given.intents)


async def seed_demo_shop(database: Database) -> bool:
    """Open the demonstration shop where no product is; False when there are some."""
    stock = shop.parse_stock((DATA / "demo_shop.json").read_bytes())
    async with database.begin() as connection:
        return await shop.seed_demo(connection, stock)
