from services.learning.certifying.holding import Sent, confirmed, is_suspicious

HELD = Sent(1, "cuanto sale el envio a Cali", "envio", "ana")


def other(number: int, contact: str | None, text: str = "cuanto sale el envio a Bogota") -> Sent:
    """A sample that somebody else sent."""
    return Sent(number, text, "envio", contact)


def test_only_a_firm_contradiction_is_suspicious() -> None:
    assert is_suspicious("precio", 0.9, "envio")
    assert not is_suspicious("precio", 0.89, "envio")
    assert not is_suspicious("precio", 0.99, "precio")
    assert not is_suspicious(None, 0.0, "envio")


def test_two_other_contacts_who_write_alike_confirm_a_held_sample() -> None:
    assert confirmed([HELD], [other(2, "luz"), other(3, "eva")]) == [1]


def test_one_contact_confirms_nothing_however_often_it_writes() -> None:
    assert confirmed([HELD], [other(2, "luz"), other(3, "luz"), other(4, "luz")]) == []
    assert confirmed([HELD], [other(2, "ana"), other(3, "luz"), other(4, None)]) == []


def test_other_words_or_another_label_confirm_nothing() -> None:
    others = [other(2, "luz", "mandan a domicilio"), other(3, "eva")]
    assert confirmed([HELD], others) == []
    meant = [Sent(2, HELD.text, "precio", "luz"), Sent(3, HELD.text, "precio", "eva")]
    assert confirmed([HELD], meant) == []
