"""What the router answers to typical texts of each intent, in the demonstration shop."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.actions import ASKS
from contracts.events import Contact
from services.router.actions import ACTIONS
from services.router.case import Catalogue, Escalate, Found, Handoff, Outcome, Reply, Shop
from services.router.shelf import Shelf
from services.storage.shop import Order, Product, Stock

Answer = Callable[..., Outcome]

PHRASES = json.loads((Path(__file__).parents[2] / "everyday_phrases.json").read_text())
EVERYDAY = [phrase for phrase in PHRASES if phrase["router"]]
FIXED = ["saludo", "despedida", "agradecimiento", "pago", "envio", "bot_identidad"]
CALLING = ["comprar", "cancelar_devolver", "queja_soporte", "agendar_reservar", "humano_contacto"]


def test_every_intent_of_the_catalogue_has_its_action(catalogue: Catalogue) -> None:
    forgotten = {name: row.action for name, row in catalogue.items() if row.action not in ACTIONS}
    assert forgotten == {}, "add a file and a line in services/router/actions/ (docs/actions.md)"


def test_every_action_is_used_by_an_intent(catalogue: Catalogue) -> None:
    assert set(ACTIONS) == {row.action for row in catalogue.values()}


def test_who_asks_for_a_detail_is_in_the_contract_and_asks_once(
    answer: Answer, catalogue: Catalogue
) -> None:
    def asks(intent: str, asked: str | None = None) -> bool:
        return getattr(answer(intent, "¿y eso?", asked=asked), "asks", None) == intent

    asking = {row.action: name for name, row in catalogue.items() if asks(name)}
    assert asking.keys() == ASKS.keys(), "add a line in contracts/actions.py (docs/actions.md)"
    assert [name for name in asking.values() if asks(name, asked=name)] == []


@pytest.mark.parametrize("phrase", EVERYDAY, ids=lambda phrase: phrase["text"])
def test_everyday_phrases_are_answered_without_the_teacher(
    answer: Answer, phrase: dict[str, str]
) -> None:
    assert not isinstance(answer(phrase["intent"], phrase["text"]), Escalate)


@pytest.mark.parametrize("intent", FIXED)
def test_a_plain_intent_says_the_shops_words(
    answer: Answer, catalogue: Catalogue, intent: str
) -> None:
    assert answer(intent, "hola") == Reply(catalogue[intent].reply or "")


@pytest.mark.parametrize("intent", CALLING)
def test_what_needs_a_person_is_answered_and_handed_over(
    answer: Answer, catalogue: Catalogue, intent: str
) -> None:
    outcome = answer(intent, "quiero dos camisas")
    row = catalogue[intent]
    assert outcome == Handoff(row.reply or "", f"{row.description}\n«quiero dos camisas»")


def test_hours_and_address_come_from_the_settings(answer: Answer) -> None:
    hours = answer("horario", "a que hora abren?")
    assert hours == Reply("Nuestro horario de atención: lunes a sábado de 9 a 19.")
    address = answer("ubicacion", "donde quedan?")
    assert address == Reply("Jacarandá está en Calle 12 # 34-56. ¡Te esperamos!")


@pytest.mark.parametrize("intent", ["horario", "ubicacion"])
def test_a_fact_that_the_shop_has_not_given_is_for_the_teacher(answer: Answer, intent: str) -> None:
    outcome = answer(intent, "a que hora abren?", shop=Shop("Jacarandá"))
    assert isinstance(outcome, Escalate)
    assert "settings" in outcome.why
    assert not outcome.fault


# Prices


def test_the_price_of_the_product_that_is_named(answer: Answer) -> None:
    outcome = answer("precio", "cuanto vale la camisa negra?")
    assert outcome == Reply("Estos son los precios:\n• Camisa negra de lino: $89.900")


def test_a_promotion_is_told_with_the_price(answer: Answer) -> None:
    outcome = answer("precio", "precio del vestido")
    assert isinstance(outcome, Reply)
    assert outcome.text.endswith(
        "• Vestido rojo largo: $139.900 (20 % de descuento hasta el domingo)"
    )


@pytest.mark.parametrize("text", ["que precio tiene?", "precio por favor", "cuanto vale en negro?"])
def test_without_a_product_the_customer_is_asked_which(
    answer: Answer, catalogue: Catalogue, text: str
) -> None:
    assert answer("precio", text) == Reply(catalogue["precio"].replies["ask"], asks="precio")


def test_a_product_that_the_shop_has_not_is_said_to_be_unknown(
    answer: Answer, catalogue: Catalogue
) -> None:
    outcome = answer("precio", "cuanto cuesta la bicicleta roja?")
    assert outcome == Reply(catalogue["precio"].replies["not_found"], asks="precio")


def test_the_answer_to_the_question_is_priced(answer: Answer) -> None:
    outcome = answer("precio", "la gorra", asked="precio")
    assert outcome == Reply("Estos son los precios:\n• Gorra azul: $39.900")


@pytest.mark.parametrize("intent", ["precio", "disponibilidad"])
def test_nobody_is_asked_twice_which_product(answer: Answer, intent: str) -> None:
    assert isinstance(answer(intent, "envian a cali", asked=intent), Escalate)


@pytest.mark.parametrize("intent", ["precio", "catalogo", "disponibilidad", "promociones"])
def test_a_shop_without_products_asks_the_teacher(answer: Answer, intent: str) -> None:
    assert isinstance(answer(intent, "las camisas", found=Found()), Escalate)


def test_products_without_a_price_are_for_the_teacher(answer: Answer) -> None:
    outcome = answer("precio", "la camisa", found=Found(Shelf([Product("Camisa")])))
    assert isinstance(outcome, Escalate)


def test_only_what_has_a_price_is_priced(answer: Answer) -> None:
    shelf = Shelf([Product("Camisa azul"), Product("Camisa roja", price=Decimal(89_900))])
    outcome = answer("precio", "cuanto valen las camisas?", found=Found(shelf))
    assert outcome == Reply("Estos son los precios:\n• Camisa roja: $89.900")


def test_a_price_is_told_in_the_products_own_currency(answer: Answer) -> None:
    shelf = Shelf([Product("Camisa", price=Decimal("45.5"), currency="US$")])
    outcome = answer("precio", "la camisa", found=Found(shelf))
    assert outcome == Reply("Estos son los precios:\n• Camisa: US$45.50")


def test_who_was_asked_something_else_is_asked_which_product(
    answer: Answer, catalogue: Catalogue
) -> None:
    outcome = answer("disponibilidad", "hay stock?", asked="precio")
    asks = Reply(catalogue["disponibilidad"].replies["ask"], asks="disponibilidad")
    assert outcome == asks


# What there is


def test_the_catalogue_lists_ten_products_and_says_that_there_are_more(
    answer: Answer, stock: Stock
) -> None:
    outcome = answer("catalogo", "que venden?")
    assert isinstance(outcome, Reply)
    lines = [line for line in outcome.text.splitlines() if line.startswith("•")]
    assert len(stock.products) > len(lines) == 10
    assert "…" in outcome.text


def test_a_list_of_just_ten_products_promises_no_more(answer: Answer, stock: Stock) -> None:
    outcome = answer("catalogo", "que venden?", found=Found(Shelf(stock.products[:10])))
    assert isinstance(outcome, Reply)
    assert (outcome.text.count("•"), "…" in outcome.text) == (10, False)


def test_the_catalogue_lists_the_kind_that_is_named(answer: Answer) -> None:
    outcome = answer("catalogo", "que tienen en calzado?")
    assert outcome == Reply(
        "Esto es lo que tenemos:\n• Zapatos de cuero café: $219.900\n"
        "• Tenis blancos: $169.900 (segundo par a mitad de precio)\n¿Te interesa alguno?",
        asks="precio",
    )


def test_a_product_in_stock_is_there(answer: Answer) -> None:
    outcome = answer("disponibilidad", "tienen lamparas?")
    assert outcome == Reply("Esto es lo que tenemos disponible:\n• Lámpara de mesa: $74.900")


def test_a_product_whose_stock_nobody_counts_is_there(answer: Answer) -> None:
    found = Found(Shelf([Product("Torta")]))
    outcome = answer("disponibilidad", "hay torta?", found=found)
    assert outcome == Reply("Esto es lo que tenemos disponible:\n• Torta")


def test_a_sold_out_product_is_said_to_be_sold_out(answer: Answer) -> None:
    outcome = answer("disponibilidad", "tienen la chaqueta negra?")
    assert isinstance(outcome, Reply)
    assert outcome.text.startswith("Por el momento se nos agotó:\n• Chaqueta negra impermeable")


@pytest.mark.parametrize(
    "text", ["tienen la camisa en verde?", "hay zapatos talla 38?", "la gorra en XL?"]
)
def test_a_colour_or_size_that_the_list_does_not_tell_is_not_promised(
    answer: Answer, text: str
) -> None:
    assert isinstance(answer("disponibilidad", text), Escalate)


def test_a_colour_or_size_that_the_category_tells_is_there(answer: Answer) -> None:
    found = Found(Shelf([Product("Camisa", category="Ropa XL"), Product("Camisa de seda")]))
    outcome = answer("disponibilidad", "hay camisas XL?", found=found)
    assert outcome == Reply("Esto es lo que tenemos disponible:\n• Camisa")


@pytest.mark.parametrize("text", ["hay stock?", "tienen talla M?", "lo tienen en azul?"])
def test_availability_of_nothing_named_asks_what_is_meant(
    answer: Answer, catalogue: Catalogue, text: str
) -> None:
    asks = Reply(catalogue["disponibilidad"].replies["ask"], asks="disponibilidad")
    assert answer("disponibilidad", text) == asks


def test_promotions_are_those_of_the_products(answer: Answer) -> None:
    everything = answer("promociones", "que ofertas hay?")
    assert isinstance(everything, Reply)
    assert everything.text.count("•") == 3
    shoes = answer("promociones", "hay ofertas en tenis?")
    assert isinstance(shoes, Reply)
    assert shoes.text.count("•") == 1


def test_without_promotions_the_prices_are_offered(answer: Answer, catalogue: Catalogue) -> None:
    outcome = answer("promociones", "hay ofertas?", found=Found(Shelf([Product("Camisa")])))
    assert outcome == Reply(catalogue["promociones"].replies["not_found"], asks="precio")


# Orders


@pytest.mark.parametrize("text", ["como va mi pedido 1042?", "#1042", "la orden nro. 1042 porfa"])
def test_the_state_of_the_order_that_is_named(answer: Answer, text: str) -> None:
    outcome = answer("estado_pedido", text)
    assert outcome == Reply("Tu pedido 1042 está: en preparación (sale mañana).")


def test_a_number_that_is_said_to_be_an_orders_goes_before_others(answer: Answer) -> None:
    outcome = answer("estado_pedido", "pague 1046 hace dias, el pedido es 1042")
    assert outcome == Reply("Tu pedido 1042 está: en preparación (sale mañana).")


def test_an_order_number_is_found_however_it_is_spelt(answer: Answer) -> None:
    for text in ("pedido a1045", "A-1045", "#a-1045"):
        outcome = answer("estado_pedido", text)
        assert outcome == Reply("Tu pedido A-1045 está: listo para recoger en la tienda.")


@pytest.mark.parametrize("text", ["donde esta mi pedido?", "pedi hace 15 dias y nada"])
def test_without_a_number_the_customer_is_asked_for_it(
    answer: Answer, catalogue: Catalogue, text: str
) -> None:
    outcome = answer("estado_pedido", text)
    assert outcome == Reply(catalogue["estado_pedido"].replies["ask"], asks="estado_pedido")


def test_an_unknown_number_is_said_to_be_unknown_and_a_person_is_offered(answer: Answer) -> None:
    for text, asked in (("pedido 9999", None), ("9999", "estado_pedido")):
        outcome = answer("estado_pedido", text, asked=asked)
        assert isinstance(outcome, Reply)
        assert outcome.text.startswith("No encuentro el pedido 9999.")
        assert "persona" in outcome.text
        assert outcome.asks == "estado_pedido"


def test_an_answer_without_a_number_is_for_the_teacher(answer: Answer) -> None:
    assert isinstance(answer("estado_pedido", "no la tengo", asked="estado_pedido"), Escalate)


def test_a_shop_that_keeps_no_orders_here_asks_the_teacher(answer: Answer) -> None:
    assert isinstance(answer("estado_pedido", "pedido 1042", found=Found()), Escalate)


def test_an_order_without_a_state_is_for_the_teacher(answer: Answer, found: Found) -> None:
    nameless = replace(found, orders={"1": Order("1")})
    assert isinstance(answer("estado_pedido", "pedido 1", found=nameless), Escalate)


@pytest.mark.parametrize(
    "contact",
    [
        Contact(id="CO.77", phone="+573001234567"),
        Contact(id="573001234567@s.whatsapp.net"),
        Contact(id="573001234567"),
    ],
)
def test_the_buyer_is_told_where_the_order_is(answer: Answer, contact: Contact) -> None:
    outcome = answer("estado_pedido", "pedido 1046", contact=contact)
    assert outcome == Reply("Tu pedido 1046 está: en camino (llega hoy).")


@pytest.mark.parametrize(
    "contact",
    [
        Contact(id="CO.78", phone="+573009999999"),
        Contact(id="CO.79"),
        Contact(id="573001234567@lid"),  # looks like a phone and is none
    ],
)
def test_nobody_else_is_told_and_a_person_takes_over(answer: Answer, contact: Contact) -> None:
    outcome = answer("estado_pedido", "pedido 1046", contact=contact)
    assert isinstance(outcome, Handoff)
    assert "en camino" not in outcome.text


# Yes and no


@pytest.mark.parametrize("intent", ["afirmar", "negar"])
def test_a_yes_or_no_to_nothing_is_for_the_teacher(answer: Answer, intent: str) -> None:
    assert isinstance(answer(intent, "ok"), Escalate)


def test_a_no_ends_the_question(answer: Answer, catalogue: Catalogue) -> None:
    assert answer("negar", "no gracias", asked="precio") == Reply(catalogue["negar"].reply or "")


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        ("negar", "De acuerdo. Si necesitas otra cosa, escríbenos."),
        ("afirmar", "¡Perfecto! ¿De qué producto quieres saber el precio?"),
    ],
)
def test_a_shop_may_rename_them(
    answer: Answer, catalogue: Catalogue, intent: str, expected: str
) -> None:
    renamed = {f"mi_{name}": replace(each, name=f"mi_{name}") for name, each in catalogue.items()}
    outcome = answer(f"mi_{intent}", "ok", asked="mi_precio", catalogue=renamed)
    assert isinstance(outcome, Reply)
    assert outcome.text == expected


def test_a_yes_without_the_detail_asks_for_it_again(answer: Answer) -> None:
    outcome = answer("afirmar", "si", asked="precio")
    expected = "¡Perfecto! ¿De qué producto quieres saber el precio?"
    assert outcome == Reply(expected, asks="precio")


def test_a_yes_with_the_detail_is_answered(answer: Answer) -> None:
    price = answer("afirmar", "si, la gorra", asked="precio")
    assert price == Reply("Estos son los precios:\n• Gorra azul: $39.900")
    order = answer("afirmar", "si, es el 1042", asked="estado_pedido")
    assert isinstance(order, Reply)
    assert "en preparación" in order.text


def test_a_yes_to_what_only_the_teacher_can_have_asked_is_for_the_teacher(answer: Answer) -> None:
    assert isinstance(answer("afirmar", "si", asked="envio"), Escalate)


# What the router cannot do


def test_an_intent_that_is_unknown_or_switched_off_is_for_the_teacher(
    answer: Answer, catalogue: Catalogue
) -> None:
    assert isinstance(answer("garantia", "tiene garantia?"), Escalate)
    without = {name: row for name, row in catalogue.items() if name != "pago"}
    assert isinstance(answer("pago", "aceptan tarjeta?", catalogue=without), Escalate)


def test_an_action_that_nobody_wrote_is_the_shops_fault(
    answer: Answer, catalogue: Catalogue
) -> None:
    edited = {**catalogue, "pago": replace(catalogue["pago"], action="dance")}
    outcome = answer("pago", "aceptan tarjeta?", catalogue=edited)
    assert outcome == Escalate("nobody here does the action 'dance'", fault=True)


@pytest.mark.parametrize("text", ["{total}", "{items", "{0}", "{items.price}", "", None])
def test_a_broken_reply_is_escalated_by_the_name_of_its_intent(
    answer: Answer, catalogue: Catalogue, text: str | None
) -> None:
    edited = {**catalogue, "precio": replace(catalogue["precio"], reply=text)}
    outcome = answer("precio", "la gorra", catalogue=edited)
    assert isinstance(outcome, Escalate)
    assert outcome.fault
    assert "the intent precio, its reply" in outcome.why


def test_any_reply_may_name_the_shop(answer: Answer, catalogue: Catalogue) -> None:
    edited = {**catalogue, "saludo": replace(catalogue["saludo"], reply="¡Bienvenido a {shop}!")}
    assert answer("saludo", "hola", catalogue=edited) == Reply("¡Bienvenido a Jacarandá!")
