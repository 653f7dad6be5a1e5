"""What of the catalogue is worth a training of its own."""

from contracts.catalogue import OUT_OF_SCOPE
from services.retrainer.intents import can_be_known, catalogue_change, mark_of

KNOWN = ("precio", "saludo", OUT_OF_SCOPE)


def test_an_intent_needs_two_texts_or_a_model_that_knows_it() -> None:
    texts = {"garantia": 2, "talla": 1}
    active = ("saludo", "garantia", "talla", "factura")
    assert can_be_known(active, KNOWN, texts) == {"saludo", "garantia"}


def test_what_is_new_and_what_is_gone_is_named() -> None:
    assert catalogue_change({"precio", "hola"}, KNOWN, None) == "hola is new, saludo is gone"


def test_a_model_that_knows_the_catalogue_needs_nothing() -> None:
    assert catalogue_change({"precio", "saludo"}, KNOWN, None) is None


def test_what_a_training_has_seen_is_not_tried_again() -> None:
    intents = {"precio", "saludo", "garantia"}
    assert catalogue_change(intents, KNOWN, mark_of(intents)) is None
    assert catalogue_change(intents, KNOWN, mark_of(intents - {"garantia"})) == "garantia is new"


def test_the_order_of_the_intents_says_nothing() -> None:
    assert mark_of(["a", "b"]) == mark_of(["b", "a"]) != mark_of(["a"])
