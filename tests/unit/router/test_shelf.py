"""Products are found as customers name them: no accents, plurals, slips, several at once."""

import random
import time

import pytest

from services.router.shelf import Shelf, details, names_something
from services.router.words import fold, one_slip
from services.storage.shop import Product, Stock


@pytest.fixture(scope="module")
def shelf(stock: Stock) -> Shelf:
    return Shelf(stock.products)


def names(products: list[Product]) -> list[str]:
    return [product.name for product in products]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CAMISA NEGRA", ["Camisa negra de lino"]),
        ("quiero ver camisas", ["Camisa negra de lino", "Camisa blanca de algodón"]),
        ("la camiza blanca", ["Camisa blanca de algodón"]),
        ("camsia negra", ["Camisa negra de lino"]),
        ("sabanas", ["Juego de sábanas dobles"]),
        ("juego de ollas", ["Juego de ollas antiadherentes"]),
        ("jeans azules", ["Jean azul clásico"]),
        ("sapatos", ["Zapatos de cuero café"]),
        ("la camisa negra y el vestido", ["Camisa negra de lino", "Vestido rojo largo"]),
        ("accesorios", ["Bolso tejido", "Gorra azul"]),
        ("el CAM-NEG", ["Camisa negra de lino"]),
        ("algo negro", []),  # a colour names nothing
        ("cuanto cuesta?", []),
        ("la bicicleta roja", []),
        ("👍", []),
        ("", []),
    ],
)
def test_a_text_finds_what_it_names(shelf: Shelf, text: str, found: list[str]) -> None:
    assert names(shelf.find(text)) == found


def test_the_right_spelling_goes_before_a_slip() -> None:
    shelf = Shelf([Product("Blusa"), Product("Bolsa"), Product("Boina"), Product("Bolina")])
    assert names(shelf.find("boinas")) == ["Boina"]
    assert names(shelf.find("bolsa")) == ["Bolsa"]


def test_short_words_and_codes_are_taken_as_they_are() -> None:
    shelf = Shelf(
        [
            Product("Camisa de lino"),
            Product("Lana", sku="LAN-001"),
            Product("Modelo 4321"),
            Product("Taladro", sku="TAL500"),
        ]
    )
    assert shelf.find("xq lo dejan") == []
    assert shelf.find("lona") == []
    assert shelf.find("LAN-002 o el 4322") == shelf.find("LAN") != []
    assert names(shelf.find("el TAL500")) == ["Taladro"]
    assert shelf.find("el TAL502") == []


def test_a_name_may_begin_with_a_colour() -> None:
    shelf = Shelf([Product("Café molido"), Product("Zapatos café")])
    assert names(shelf.find("tienen cafe?")) == ["Café molido"]


def test_sounds_that_are_alike_are_one() -> None:
    shelf = Shelf([Product("Lápiz"), Product("Veladora"), Product("Hojas")])
    assert names(shelf.find("lapices beladoras ojas")) == ["Lápiz", "Veladora", "Hojas"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("camisa", "camisa", True),
        ("camisa", "camiza", True),
        ("camisa", "camsa", True),
        ("camisa", "camissa", True),
        ("camisa", "camsia", True),
        ("blusa", "bolsa", False),
        ("camisa", "cama", False),
        ("a", "", True),
    ],
)
def test_one_slip_is_one_letter(one: str, other: str, alike: bool) -> None:
    assert one_slip(one, other) is alike
    assert one_slip(other, one) is alike


def test_only_words_that_may_be_a_product_name_something() -> None:
    assert names_something("cuanto cuesta la bicicleta?")
    assert not names_something("hola, q precio tiene en azul talla 38?")


def test_details_are_colours_and_sizes() -> None:
    assert details("la camisa negra talla M") == {"negr", "m"}
    assert details("zapatos numero 40 para mi") == {"40"}
    assert details("mi numero de pedido es 40, el de la m") == set()


def test_thousands_of_products_are_searched_at_once() -> None:
    shelf = Shelf([Product(f"Repuesto {place} marca{place}") for place in range(5_000)])
    assert names(shelf.find("el repuesto 4321")) == ["Repuesto 4321 marca4321"]


def test_a_flood_of_words_is_looked_up_at_once_on_a_full_shelf() -> None:
    dice = random.Random(1)

    def word(length: int) -> str:
        return "".join(dice.choices("abcdefghijlmnoprstu", k=length))

    full = Shelf([Product(f"{word(8)} {word(7)}") for _ in range(5_000)])
    flood = " ".join(word(6) for _ in range(2_900))
    began = time.perf_counter()
    full.find(flood)
    assert time.perf_counter() - began < 1


def test_a_word_without_end_is_remembered_by_its_first_letters() -> None:
    assert fold("ab" * 2_000) == ["ab" * 20]
