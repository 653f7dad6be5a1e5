"""The student's answers: probabilities, alternatives, and the arithmetic beside scikit-learn's."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import FunctionTransformer

from services.learning.arrays import Floats
from services.learning.grams import stem
from services.learning.meanings.lexicon import meaning
from services.learning.normalise import tokens
from services.learning.recipe.fitting import BLOCKS
from services.learning.recipe.training import train
from services.learning.spelling import Spelling
from services.learning.student import Example, softmax
from services.learning.trained import Trained

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ANY_TEXT = st.text(st.characters(), max_size=200)  # lone surrogates and control signs included


@given(texts=st.lists(ANY_TEXT, max_size=4))
@settings(max_examples=150)
def test_any_text_gets_probabilities_that_sum_to_one_or_none_at_all(
    trained: Trained, texts: list[str]
) -> None:
    rows = trained.student.probabilities(texts)
    assert len(rows) == len(trained.student.predict(texts)) == len(texts)
    for row in rows:
        assert row.sum() == pytest.approx(1) or not row.any()
        assert (row >= 0).all()


def test_each_language_has_stems_of_its_own() -> None:
    assert stem("shipping", "en") == stem("shipped", "en") == "ship"
    assert stem("enviamos", "es") == stem("enviando", "es") == "envi"
    assert stem("Preise", "de") == "Preise"


def test_no_texts_give_no_predictions(trained: Trained) -> None:
    assert trained.student.predict([]) == []


def test_the_alternatives_are_the_next_best_three_in_order(trained: Trained) -> None:
    [row] = trained.student.probabilities(["hola, qué precio tiene el envío?"])
    [answer] = trained.student.predict(["hola, qué precio tiene el envío?"])
    best = sorted(row, reverse=True)
    assert answer.confidence == pytest.approx(best[0])
    assert [guess.confidence for guess in answer.alternatives] == pytest.approx(best[1:4])
    assert answer.intent not in {guess.intent for guess in answer.alternatives}


UNKNOWN = ["", "…", "§§", "zxqw vbnm", "кириллица", "今天天气"]
# The little that is known in these must not speak for all of them.
HARDLY_KNOWN = ["2 + 2 = 4", "8923", "50% 30%", "xyz 12", "asdkjh 8923", "qwerty 5", "zxcv 1 2 3"]


@pytest.mark.parametrize("text", UNKNOWN + HARDLY_KNOWN)
def test_a_text_far_from_everything_is_not_accepted(trained: Trained, text: str) -> None:
    assert trained.student.predict([text])[0].confidence < 0.8


@pytest.mark.parametrize("text", ["...", "🥑", "привет", "你好", "", "45", "123 4567"])
def test_however_often_one_intent_is_meant_nobody_is_sure_of_what_cannot_be_read(text: str) -> None:
    often = [Example(f"donde esta mi pedido {letter}{letter}", "estado") for letter in LETTERS * 4]
    student = train([*often, *(Example(f"gracias {letter}", "gracias") for letter in "abcde")])
    [said] = student.student.predict([text])
    assert said.confidence == 0
    assert {each.confidence for each in said.alternatives} == {0}


def test_a_picture_that_was_taught_is_known(few_rows: list[Example]) -> None:
    taught = [Example(text, "afirmar") for text in ("👍", "👍👍", "👍 dale", "si 👍", "ok 👍")]
    [said] = train([*few_rows, *taught]).student.predict(["👍"])
    assert said.intent == "afirmar"
    assert said.confidence > 0.3


def test_a_batch_says_what_each_text_says_alone(trained: Trained) -> None:
    texts = ["hola", "precio?", "dónde están", ""]
    alone = [trained.student.predict([text])[0] for text in texts]
    assert trained.student.predict(texts) == alone


def stems_of(words: str) -> list[str]:
    return [stem(word, "es") for word in words.split()]


def blocks(spelling: Spelling) -> FeatureUnion:
    """What the student reads in scikit-learn's own words; levelling, spelling, stems are ours."""

    def words(text: str) -> list[str]:
        return spelling.read(tokens(text))

    def spelt_words(text: str) -> str:
        return " ".join(word for word in words(text) if word.strip("0"))

    stemmed = {"preprocessor": lambda text: " ".join(words(text)), "tokenizer": stems_of}
    stems = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=None, **stemmed)
    spelt = {"preprocessor": spelt_words, "analyzer": "char_wb"}
    letters = TfidfVectorizer(sublinear_tf=True, ngram_range=(2, 5), **spelt)
    meant = FunctionTransformer(
        lambda texts: np.array([meaning(words(one), "es") for one in texts])
    )
    parts = [("stems", stems), ("letters", letters), ("meaning", meant)]
    lengths = dict(zip([name for name, _ in parts], BLOCKS, strict=True))
    return FeatureUnion(parts, transformer_weights=lengths)


@pytest.fixture(scope="module")
def theirs(trained: Trained) -> Callable[[str], Floats]:
    """The pipeline's probabilities; of the student it gets the linear weights alone."""
    known = trained.student.weights
    texts = [row.text for row in trained.examples]
    read = blocks(Spelling("es", known.words)).fit(texts)
    kept = []
    for (_, block), vocabulary, length in zip(
        read.transformer_list[:2], known.vocabularies, BLOCKS[:2], strict=True
    ):
        columns = [vocabulary[piece] for piece in block.get_feature_names_out()]
        assert len(columns) == len(vocabulary)
        kept.append(known.coefficients[columns] / length)
    kept.append(known.coefficients[len(known.idf) :] / BLOCKS[2])
    linear = LogisticRegression()
    linear.classes_ = np.array(known.intents)
    linear.coef_ = np.concatenate(kept).T / known.temperature
    linear.intercept_ = known.intercepts / known.temperature
    letters = dict(read.transformer_list)["letters"]
    idf = dict(zip(letters.get_feature_names_out(), letters.idf_, strict=True))

    def belief(text: str) -> float:
        weights = {
            group: ((1 + np.log(times)) * idf.get(group, np.log(1 + len(texts)) + 1)) ** 2
            for group, times in Counter(letters.build_analyzer()(text)).items()
        }
        share = sum(weights[group] for group in weights.keys() & idf.keys())
        return min(1.0, share / sum(weights.values()) / known.enough) if share else 0.0

    def probabilities(text: str) -> Floats:
        believed = belief(text)
        found: Floats = linear.predict_proba(read.transform([text]) * believed)
        return found if believed else np.zeros_like(found)

    return probabilities


WORDS = [
    "hola",
    "precio",
    "cuesta",
    "cuánto",
    "el",
    "envío",
    "q",
    "holaaa",
    "¿?",
    "1042",
    "zxqw",
    "cuezta",
]


@given(text=st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | ANY_TEXT)
@example(text="cuánto cuánto cuesta?")
@settings(max_examples=200)
def test_the_direct_arithmetic_gives_scikit_learns_probabilities(
    trained: Trained, theirs: Callable[[str], Floats], text: str
) -> None:
    expected = theirs(text)
    assert np.allclose(trained.student.probabilities([text]), expected, rtol=0, atol=1e-6)


def test_scores_of_any_size_make_probabilities() -> None:
    shares = softmax(np.array([[5_000.0, 0.0], [0.0, 0.0]]), 1.0)
    assert np.allclose(shares, np.array([[1.0, 0.0], [0.5, 0.5]]))
