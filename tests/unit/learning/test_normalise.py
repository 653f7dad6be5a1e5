"""How a chat message is brought to the spelling the student reads."""

import pytest

from services.learning.normalise import normalise


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("¿Cuánto CUESTA?", "cuanto cuesta ?"),
        ("holaaaa!!", "hola ! !"),
        ("holaaa", "hola"),
        ("q precio tiene xfa", "que precio tiene por favor"),
        ("xq no llega", "porque no llega"),
        ("tmb lo kiero", "tambien lo quiero"),
        ("pasame la dire x wpp", "pasame la direccion por whatsapp"),
        ("talla 38, pedido #1042", "talla 00 pedido 0000"),
        ("mira https://tienda.example/x?y=1", "mira url"),
        ("mira www.tienda.example/x?y=1", "mira url"),
        ("Http://tienda.example/x?y=1", "url"),
        ("mi número es 3005550142", "mi numero es 00000"),
        ("pedido 1000, 2224444", "pedido 0000 00000"),
        ("sí 👍🏽", "si 👍"),
        ("⭐⏰🇨🇴", "⭐ ⏰ 🇨 🇴"),
        ("gracias ❤️✅", "gracias ❤ ✅"),
        ("llegó en la calle", "llego en la calle"),
        ("𝗁𝗈𝗅𝖺 ｈｏｌａ", "hola hola"),  # as letter generators write it
        ("𝗛𝗢𝗟𝗔 ＱＵＥ", "hola que"),
        ("ref ab123456", "ref ab000000"),
        ("…", ""),
    ],
)
def test_spelling_habits_are_levelled(typed: str, read: str) -> None:
    assert normalise(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("pls send it b4 tmrw, thx", "please send it before tomorrow thanks"),
        ("do u have ur own?", "do you have your own ?"),
        ("i dont know whats wrong", "i don t know what s wrong"),
        ("I don't know what's wrong", "i don t know what s wrong"),
    ],
)
def test_english_has_habits_of_its_own(typed: str, read: str) -> None:
    assert normalise(typed, "en") == read


@pytest.mark.parametrize(
    "typed",
    [
        "don't", "can't", "won't", "isn't", "aren't", "didn't", "doesn't", "hasn't", "haven't",
        "wasn't", "couldn't", "wouldn't", "i'm", "i've", "what's", "that's", "how's", "where's",
        "there's", "you're",
    ],
)  # fmt: skip
def test_what_is_typed_without_its_apostrophe_reads_as_with_it(typed: str) -> None:
    """`cant` that is read as `can` would be answered with the opposite."""
    assert normalise(typed.replace("'", ""), "en") == normalise(typed, "en")


def test_abbreviations_belong_to_their_language() -> None:
    assert normalise("q d x", "en") == normalise("q d x", "pt") == "q d x"


def test_a_composed_and_a_decomposed_accent_read_the_same() -> None:
    assert normalise("devoluci\u00f3n") == normalise("devolucio\u0301n") == "devolucion"


def test_a_word_without_end_is_read_by_its_first_letters() -> None:
    assert normalise("ab" * 2_000) == "ab" * 20
