"""What words mean: near when they mean alike, nothing when they are unknown."""

import contextlib
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.learning.arrays import Singles
from services.learning.meanings import glossary, vectors
from services.learning.meanings.glossary import LANGUAGES, Glossary, edition
from services.learning.meanings.lexicon import lexicon, meaning, meanings
from services.learning.meanings.vectors import DIMENSIONS, TableMissing, Vectors
from services.learning.normalise import tokens

LISTS = {
    language: Path(glossary.__file__).with_name(f"{language}.txt").read_text("utf-8").splitlines()
    for language in LANGUAGES
}


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
@settings(max_examples=50)
def test_a_text_has_length_1_or_means_nothing(words: list[str]) -> None:
    length = float(np.linalg.norm(meaning(words, "es")))
    assert length == pytest.approx(1.0) or not meanings(words, "es").any()


def test_no_words_give_an_empty_table() -> None:
    assert meanings([], "es").shape == (0, DIMENSIONS)


def near(one: Singles, other: Singles) -> float:
    """Their cosine."""
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_other_forms_of_a_word_mean_what_it_means() -> None:
    listed = Glossary(["costar: cost"], "es", Vectors())
    assert np.array_equal(listed.meaning("costaron"), listed.meaning("costar"))


def test_a_form_with_a_line_of_its_own_means_mostly_that() -> None:
    listed = Glossary(["costar: cost", "costa costas: coast"], "es", Vectors())
    cost, coast = (Vectors().meaning(word) for word in ("cost", "coast"))
    assert near(listed.meaning("costar"), cost) > 0.9 > near(listed.meaning("costar"), coast)
    assert near(listed.meaning("costas"), coast) > 0.9 > near(listed.meaning("costas"), cost)


def test_a_form_without_one_means_what_the_lines_of_its_stem_mean_on_average() -> None:
    listed = Glossary(["costar: cost", "costa costas: coast"], "es", Vectors())
    cost, coast = (Vectors().meaning(word) for word in ("cost", "coast"))
    assert np.allclose(listed.meaning("costaron"), (cost + coast) / 2, atol=1e-2)


@pytest.mark.parametrize("word", ["cuestame", "cuestamelas", "cuestalo"])
def test_pronouns_at_the_end_of_a_verb_are_left_out(word: str) -> None:
    listed = Glossary(["cuesta: cost"], "es", Vectors())
    assert np.array_equal(listed.meaning(word), Vectors().meaning("cost").astype(np.float16))


def test_a_word_of_two_meanings_is_between_them() -> None:
    listed = Glossary(["vale: okay / cost"], "es", Vectors())
    okay, cost = (Vectors().meaning(word) for word in ("okay", "cost"))
    assert np.allclose(listed.meaning("vale"), (okay + cost) / 2, atol=1e-2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_a_list_is_words_a_colon_and_a_few_meanings(language: str) -> None:
    one = "[a-z0-9 ]+"
    well_formed = re.compile(rf"[^:]+: {one}(?: / {one}){{0,3}}")
    assert [line for line in LISTS[language] if not well_formed.fullmatch(line)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_list_has_one_line_and_is_spelt_as_the_student_reads_it(
    language: str,
) -> None:
    words = [word for line in LISTS[language] for word in line.partition(":")[0].split()]
    assert [word for word, times in Counter(words).items() if times > 1] == []
    assert [word for word in words if tokens(word, language) != [word]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_meaning_of_a_list_is_english_words_and_not_their_letters(language: str) -> None:
    """A word that the table lacks falls apart into many short pieces that mean something else."""
    said = {one for line in LISTS[language] for one in line.partition(": ")[2].split(" / ")}
    known = Vectors()
    assert [one for one in said if not 1 <= len(known.pieces(one)) <= 4 * len(one.split())] == []


def test_an_english_word_is_half_itself_and_half_what_says_the_same() -> None:
    [line] = [line for line in LISTS["en"] if line.startswith("accent:")]
    assert line == "accent: accent"
    asked = lexicon("en").meaning
    assert np.allclose(asked("accent"), Vectors().meaning("accent"), atol=1e-2)
    assert near(asked("refund"), asked("reimburse")) > 0.1 + near(
        Vectors().meaning("refund"), Vectors().meaning("reimburse")
    )


def test_an_english_word_that_is_not_listed_is_itself() -> None:
    assert np.array_equal(lexicon("en").meaning("walrus"), Vectors().meaning("walrus"))


def test_english_words_together_are_the_sum_of_each() -> None:
    asked = lexicon("en").meaning
    assert np.allclose(asked("my lost card"), asked("my") + asked("lost") + asked("card"))


def test_threads_that_ask_at_the_same_time_share_one_lexicon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []

    def read_slowly() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    monkeypatch.setattr("services.learning.meanings.lexicon.Wordless", read_slowly)
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lexicon, ["asked by many threads"] * 4))
    assert given == made * 4


@pytest.mark.parametrize("language", ["en", "es"])
def test_nobody_can_write_to_what_others_are_given(language: str) -> None:
    before = lexicon(language).meaning("menu").copy()
    with contextlib.suppress(ValueError):
        lexicon(language).meaning("menu")[:] = 0
    assert before.any()
    assert np.array_equal(lexicon(language).meaning("menu"), before)


@pytest.mark.parametrize(("word", "known"), [("carlos", False), ("ponlo", True)])
def test_a_short_beginning_is_a_verb_only_by_a_line_of_its_own(word: str, known: bool) -> None:
    """`carlos` is not `car-los`, something dear."""
    listed = Glossary(["caro: expensive", "pon: put"], "es", Vectors())
    assert bool(listed.meaning(word).any()) is known


def test_a_long_row_of_pronouns_is_cut_to_its_end() -> None:
    listed = Glossary(["manda: send"], "es", Vectors())
    assert np.array_equal(listed.meaning("manda" + "me" * 200), listed.meaning("manda"))


def test_a_list_that_changes_under_a_process_does_not_change_its_edition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = edition()
    monkeypatch.setattr(Path, "read_text", lambda *_: "otra: other")
    assert edition() == before


def test_a_package_without_the_table_is_named_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vectors, "TABLE", "wordllama/gone.safetensors")
    with pytest.raises(TableMissing, match=r"wordllama \S+ .*gone.*requirements\.lock"):
        Vectors()
