"""What words mean: near when they mean alike, nothing when they are unknown."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.learning.meanings.english import DIMENSIONS, English
from services.learning.meanings.glossary import FOLDER, Glossary
from services.learning.meanings.lexicon import lexicon, meaning, meanings
from services.learning.normalise import tokens

LIST = (FOLDER / "es.txt").read_text("utf-8").splitlines()


def alike(one: str, other: str, language: str = "es") -> float:
    """The cosine of two texts."""
    first, second = (meaning(tokens(text, language), language) for text in (one, other))
    return float(first @ second)


@pytest.mark.parametrize(
    ("language", "text", "same", "other"),
    [
        ("es", "¿cuánto cuesta?", "qué precio tiene", "a qué hora abren"),
        ("es", "quiero devolver los zapatos", "me reembolsan las zapatillas", "buenas noches"),
        ("es", "mandan a domicilio?", "hacen envíos a casa", "muchas gracias por todo"),
        ("en", "how much is it", "what does it cost", "see you tomorrow"),
    ],
)
def test_texts_that_mean_alike_are_near(language: str, text: str, same: str, other: str) -> None:
    assert alike(text, same, language) > alike(text, other, language) + 0.1


@pytest.mark.parametrize("word", ["zxqwvb", "00", "?", "🦑", ""])
def test_an_unknown_word_means_nothing(word: str) -> None:
    assert not lexicon("es").meaning(word).any()


@pytest.mark.parametrize("word", ["00", "?", "🦑", "", "a1b2", "привет"])
def test_in_english_only_letters_mean_something(word: str) -> None:
    assert not lexicon("en").meaning(word).any()


def test_a_language_without_a_list_knows_no_word() -> None:
    assert not meaning(["bonjour", "hello"], "fr").any()


@given(st.lists(st.sampled_from(["precio", "zxqwvb", "hola", "cuesta", "00", "gracias", "?"])))
@settings(deadline=None, max_examples=50)
def test_a_text_has_length_1_or_means_nothing(words: list[str]) -> None:
    length = float(np.linalg.norm(meaning(words, "es")))
    assert length == pytest.approx(1.0) or not meanings(words, "es").any()


def test_no_words_give_an_empty_table() -> None:
    assert meanings([], "es").shape == (0, DIMENSIONS)


@pytest.fixture(scope="module")
def small() -> Glossary:
    return Glossary(["costar: cost", "costa costas: coast", "vale: okay / cost"], "es", English())


def test_other_forms_of_a_word_mean_what_it_means(small: Glossary) -> None:
    assert np.array_equal(small.meaning("costaron"), small.meaning("costar"))


def test_a_form_with_a_line_of_its_own_means_that(small: Glossary) -> None:
    assert not np.array_equal(small.meaning("costa"), small.meaning("costar"))
    assert np.array_equal(small.meaning("costa"), small.meaning("costas"))


@pytest.mark.parametrize("word", ["cuestame", "cuestamelas", "cuestalo"])
def test_pronouns_at_the_end_of_a_verb_are_left_out(word: str) -> None:
    listed = Glossary(["cuesta: cost"], "es", English())
    assert np.array_equal(listed.meaning(word), English().meaning("cost").astype(np.float16))


def test_a_word_of_two_meanings_is_between_them(small: Glossary) -> None:
    okay, cost = (English().meaning(word) for word in ("okay", "cost"))
    assert np.allclose(small.meaning("vale"), (okay + cost) / 2, atol=1e-2)


def test_every_line_of_the_list_is_words_a_colon_and_one_or_two_meanings() -> None:
    one = "[a-z ]+"
    wrong = [line for line in LIST if not re.fullmatch(rf"[^:]+: {one}(?: / {one})?", line)]
    assert wrong == []


def test_every_word_of_the_list_has_one_line_and_is_spelt_as_the_student_reads_it() -> None:
    words = [word for line in LIST for word in line.partition(":")[0].split()]
    assert [word for word, times in Counter(words).items() if times > 1] == []
    assert [word for word in words if tokens(word) != [word]] == []


def test_every_meaning_of_the_list_is_known_in_english() -> None:
    said = {one for line in LIST for one in line.partition(": ")[2].split(" / ")}
    assert [one for one in said if not lexicon("en").meaning(one).any()] == []
