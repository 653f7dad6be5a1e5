from hypothesis import given
from hypothesis import strategies as st

from services.learning.certifying.holding import Sent, confirmed, is_suspicious

HELD = Sent(1, "cuanto sale el envio a Cali", "envio", "ana")


def other(number: int, contact: str | None, text: str = "cuanto sale el envio a Bogota") -> Sent:
    """A sample that somebody else sent."""
    return Sent(number, text, "envio", contact)


def test_only_a_firm_contradiction_is_suspicious() -> None:
    assert is_suspicious("precio", 0.9, "envio")
    assert not is_suspicious("precio", 0.89, "envio")
    assert not is_suspicious("precio", 0.99, "precio")


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


WORDS = st.sampled_from(["casa", "perro", "gato", "sol", "luna", "mar"])
SPOKEN = st.lists(WORDS, max_size=5).map(" ".join)
SENT = st.tuples(
    SPOKEN, st.sampled_from(["envio", "pago"]), st.sampled_from(["ana", "luz", "eva", None])
)


@given(st.lists(SENT, max_size=4), st.lists(SENT, max_size=8))
def test_texts_are_alike_that_share_half_of_all_their_words(
    held: list[tuple[str, str, str | None]], others: list[tuple[str, str, str | None]]
) -> None:
    """Found by their words, as they would be by trying every pair."""

    def agree(one: tuple[str, str, str | None], other: tuple[str, str, str | None]) -> bool:
        own, theirs = set(one[0].split()), set(other[0].split())
        return one[1] == other[1] and 2 * len(own & theirs) >= max(1, len(own | theirs))

    contacts = [
        {other[2] for other in others if agree(row, other)} - {None, row[2]} for row in held
    ]
    found = confirmed(
        [Sent(place, *row) for place, row in enumerate(held)], [Sent(9, *row) for row in others]
    )
    assert found == [place for place, voices in enumerate(contacts) if len(voices) >= 2]
