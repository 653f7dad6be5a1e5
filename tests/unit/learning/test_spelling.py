"""Misspelt words are read as what was most likely meant, and others are left alone."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.learning import spelling
from services.learning.spelling import DictionaryMissing, Spelling, dictionary, own_words

OWN = ("envio", "precio", "colchon", "ergomagic", "tarjeta")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("cuesat", "cuesta"),  # two letters swapped
        ("prcio", "precio"),  # one left out
        ("tarjetta", "tarjeta"),  # one too many
        ("colchpn", "colchon"),  # one for another
        ("cuezta", "cuesta"),
        ("sapatos", "zapatos"),
        ("ablar", "hablar"),
        ("boteya", "botella"),
        ("bendedor", "vendedor"),
        ("kedan", "quedan"),
        ("enbio", "envio"),
    ],
)
def test_a_misspelt_word_is_read_as_what_was_meant(typed: str, read: str) -> None:
    assert Spelling("es", OWN).read([typed, "por", "favor"]) == [read, "por", "favor"]


@pytest.mark.parametrize(
    "word",
    [
        "mandamelos",  # a form of a listed word
        "desencajonar",  # known to the dictionary alone
        "ergomagic",  # the shop's own
        "qie",  # too short to tell
        "00000",
        "?",
        "привет",
        "xzqwvk",  # like no word
        "acertijk",  # one letter from `acertijo`, of whose meaning nothing is known
        "gretarse",  # one letter from `grietarse`, which is too rare to be meant
    ],
)
def test_other_words_stay_as_they_are(word: str) -> None:
    assert Spelling("es", OWN).read([word]) == [word]


def test_the_shops_own_words_come_first() -> None:
    assert Spelling("es", ()).read(["ergomajic"]) == ["ergomajic"]
    assert Spelling("es", OWN).read(["ergomajic"]) == ["ergomagic"]
    assert Spelling("en", ()).read(["my", "adress"]) == ["my", "dress"]
    assert Spelling("en", ("address",)).read(["my", "adress"]) == ["my", "address"]


def test_of_the_shops_own_words_the_commoner_one_is_meant() -> None:
    assert Spelling("es", ("cuenta", "cuesta")).read(["cueta"]) == ["cuenta"]
    assert Spelling("es", ("cuesta", "cuenta")).read(["cueta"]) == ["cuesta"]


def test_of_the_shops_own_words_that_sound_alike_the_commoner_one_is_meant() -> None:
    assert Spelling("es", ("casa", "caza")).read(["kaza"]) == ["casa"]
    assert Spelling("es", ("caza", "casa")).read(["kasa"]) == ["caza"]


def test_a_word_that_sounds_like_the_shops_own_is_no_other_word() -> None:
    assert Spelling("es", ()).read(["vailee"]) == ["baile"]
    assert Spelling("es", ("vaile",)).read(["vailee"]) == ["vaile"]


def test_another_language_stays_as_it_is() -> None:
    foreign = ["wheres", "the", "recieved", "mattress", "shipping"]
    assert Spelling("es", OWN).read(foreign) == foreign


def test_a_text_full_of_words_that_sound_right_is_read() -> None:
    typed, read = "kiero ablar kon el bendedor", "quiero hablar kon el vendedor"
    assert Spelling("es", OWN).read(typed.split()) == read.split()


def test_a_language_without_a_dictionary_is_left_alone() -> None:
    assert Spelling("pt", ("preço", "entrega")).read(["entrgea"]) == ["entrgea"]
    assert not dictionary("pt").times


def test_spellings_that_differ_in_accents_are_one_word_of_the_dictionary() -> None:
    spelt = json.loads(gzip.decompress(spelling.file_of("es").read_bytes()))
    assert dictionary("es").times["mas"] == spelt["mas"] + spelt["más"]


def test_own_words_are_those_of_several_texts_commonest_first() -> None:
    texts = ["hola precio", "hola precio", "el precio 00 ?", "hola envio", "el precio"]
    assert own_words(texts) == ("precio", "el", "hola")


@given(st.lists(st.text("abcdeáñq?1 ", max_size=8), max_size=6))
def test_as_many_words_come_out_as_went_in(words: list[str]) -> None:
    assert len(Spelling("es", OWN).read(words)) == len(words)


def test_a_package_without_the_dictionary_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelling, "TABLE", "spellchecker/resources/none-{}.json.gz")
    with pytest.raises(DictionaryMissing, match=r"does not hold none-es.*requirements\.lock"):
        spelling.file_of("es")
