"""The catalogue a shop starts with and the demonstration shop, as cases for the actions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.catalogue import parse_catalogue
from contracts.events import Contact
from services.router.act import act, case_of
from services.router.case import Case, Catalogue, Found, Outcome, Shop
from services.router.order_numbers import canonical
from services.router.shelf import Shelf
from services.storage.catalogue import StoredIntent
from services.storage.shop import Stock, parse_stock
from tests.turns import ANA, sure_of, turn_of

DATA = Path(__file__).parents[3] / "training_data"

Answer = Callable[..., Outcome]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    intents = parse_catalogue((DATA / "base_intents.json").read_bytes()).intents
    return {
        each.name: StoredIntent(
            each.name, each.description, each.action, each.reply, dict(each.replies)
        )
        for each in intents
    }


@pytest.fixture(scope="session")
def stock() -> Stock:
    return parse_stock((DATA / "demo_shop.json").read_bytes())


@pytest.fixture(scope="session")
def found(stock: Stock) -> Found:
    orders = {canonical(order.number): order for order in stock.orders}
    return Found(Shelf(stock.products), orders, keeps_orders=True)


@pytest.fixture
def answer(catalogue: Catalogue, found: Found) -> Answer:
    """What the router says to a text of an intent, in the demonstration shop or another."""

    def say(
        intent: str,
        text: str,
        *,
        asked: str | None = None,
        contact: Contact = ANA,
        found: Found = found,
        shop: Shop | None = None,
        catalogue: Catalogue = catalogue,
    ) -> Outcome:
        facts = shop or Shop("Jacarandá", "lunes a sábado de 9 a 19", "Calle 12 # 34-56")
        event = sure_of(intent, turn_of(text, asked=asked, contact=contact))
        case = case_of(event, catalogue, facts)
        return act(replace(case, found=found)) if isinstance(case, Case) else case

    return say
