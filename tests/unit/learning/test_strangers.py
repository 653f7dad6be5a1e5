"""What the student takes for out of scope: few texts that it gives up, and all that is far off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Places
from services.learning.normalise import tokens
from services.learning.recipe.counting import count
from services.learning.recipe.familiarity import enough_of, held_out_familiarity
from services.learning.recipe.fitting import blend
from services.learning.recipe.strangers import Bar, learn_bar
from services.learning.recipe.training import train
from services.learning.spelling import Spelling
from services.learning.student import Example, Weights, softmax
from services.learning.trained import Trained

INTENTS = (OUT_OF_SCOPE, "envio", "precio")
STRANGE = [
    "cómo saldrá el partido de mañana",
    "cuéntame un chiste de abogados",
    "cuál es la capital de Mongolia",
    "ponme música para dormir",
    "qué tiempo hará el domingo en la montaña",
    "escríbeme un poema sobre la luna",
    "quién ganó las elecciones",
    "cuántos planetas hay",
]
UNLIKE_ANY = ["", "zxqw vbnm", "кириллица", "今天天气"]


@pytest.fixture(scope="module")
def wary(catalogue_rows: list[Example]) -> Trained:
    """A student that was shown a few texts that are none of the shop's business."""
    return train([*catalogue_rows, *(Example(text, OUT_OF_SCOPE) for text in STRANGE)])


def drawn(seed: int, rows: int = 200, noise: float = 1.0) -> tuple[Floats, Places]:
    """Scores that mostly name the true intent, but too seldom that the tenth of them is strange."""
    dealer = np.random.default_rng(seed)
    truth = np.where(np.arange(rows) < rows / 10, 0, dealer.integers(1, 3, rows))
    return np.eye(3)[truth] * 2 + dealer.normal([-2, 0, 0], noise, (rows, 3)), truth


def named_out(scores: Floats, truth: Places) -> tuple[float, float]:
    """Share of the strange rows that are named so, and of those that would be named rightly."""
    found = learn_bar(scores, truth, INTENTS, len(truth))
    assert found is not None
    named = found.on_scores(scores).argmax(axis=1) == 0
    right = (scores[:, 1:].argmax(axis=1) + 1) == truth
    return float(named[truth == 0].mean()), float(named[right].mean())


@given(seed=st.integers(0, 10_000), noise=st.floats(1.0, 3))
@settings(max_examples=50)
def test_the_bar_catches_strange_rows_but_gives_up_few_right_ones(seed: int, noise: float) -> None:
    caught, given_up = named_out(*drawn(seed, noise=noise))
    assert given_up <= 0.04  # 2.5 %, and one row more of the 70 or so that a row is counted in
    assert caught >= 0.9 or given_up >= 0.015


def test_where_strange_rows_are_plain_to_see_there_is_no_bar() -> None:
    assert learn_bar(np.eye(3)[[0, 0, 1, 2]], np.array([0, 0, 1, 2]), INTENTS, 4) is None


def test_a_learned_score_that_catches_19_of_20_strange_rows_needs_no_bar() -> None:
    strange = [[1.0, 0, 0]] * 19 + [[0, 1.0, 0]]
    scores, truth = np.array([*strange, [0, 1, 0], [0, 0, 1]]), np.array([0] * 20 + [1, 2])
    assert learn_bar(scores, truth, INTENTS, len(truth)) is None


def test_no_more_is_given_up_than_19_of_20_strange_rows_take() -> None:
    strange = [[-4.0, 0, -9]] * 97 + [[-4.0, 9, -9]] * 3
    ours = [[-9.0, envio, -9] for envio in np.linspace(1, 9, 200)]
    truth = np.array([0] * 100 + [1] * 200)
    assert named_out(np.array([*strange, *ours]), truth) == (0.97, 0.0)


def test_half_of_what_was_learned_of_strangers_counts_beside_the_bar() -> None:
    [[barred, *others]] = Bar(place=0, height=3.0).on_scores(np.array([[4.0, 1.0, 2.0]]))
    assert barred == 4 / 2 + 3
    assert others == [1, 2]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=50)
def test_the_bar_in_the_weights_is_the_bar_on_the_scores(seed: int) -> None:
    dealer = np.random.default_rng(seed)
    weights = Weights(
        language="es",
        intents=INTENTS,
        words=(),
        vocabularies=({"hola": 0}, {"a": 1, "b": 2}),
        idf=np.ones(3),
        coefficients=dealer.normal(0, 1, (3, 3)),
        intercepts=dealer.normal(0, 1, 3),
        temperature=0.4,
        unseen_idf=2.0,
        enough=0.5,
    )
    found = Bar(place=0, height=dealer.normal(), temperature=1.3)
    barred, values = found.on_weights(weights), dealer.random((5, 3))
    plain = (values @ weights.coefficients + weights.intercepts) / weights.temperature
    expected = softmax(found.on_scores(plain), 1.0)
    scored = values @ barred.coefficients + barred.intercepts
    assert np.allclose(softmax(scored, barred.temperature), expected, rtol=0, atol=1e-9)


def test_without_strange_texts_there_is_no_bar() -> None:
    scores, truth = drawn(0)
    assert learn_bar(scores, truth, ("cambio", "envio", "precio"), len(truth)) is None


def test_where_nothing_is_named_rightly_there_is_no_bar() -> None:
    assert learn_bar(np.eye(3)[[1, 2, 1]], np.array([0, 1, 2]), INTENTS, 3) is None


@pytest.mark.parametrize("text", UNLIKE_ANY)
def test_a_text_unlike_any_other_is_named_out_of_scope(wary: Trained, text: str) -> None:
    assert wary.student.predict([text])[0].intent == OUT_OF_SCOPE


def test_out_of_fold_a_row_of_unknown_letters_is_believed_as_little_as_an_answer(
    catalogue_rows: list[Example],
) -> None:
    """Its number would make it `comprar` at 82 %, if that spoke for all of it."""
    fresh = train([*catalogue_rows, Example("qwerty 5", "disponibilidad")])
    assert fresh.out_of_fold[-1].max() < 0.5


def test_what_the_shop_is_asked_is_still_understood(trained: Trained, wary: Trained) -> None:
    assert wary.measures.accuracy >= trained.measures.accuracy - 0.03
    for text in ("hola", "cuánto cuesta el envío?", "gracias"):
        assert wary.student.predict([text])[0].intent == trained.student.predict([text])[0].intent


def test_strange_rows_do_not_say_how_much_must_be_known(wary: Trained) -> None:
    known = wary.student.weights
    spelling = Spelling("es", known.words)
    counts = count([spelling.read(tokens(row.text)) for row in wary.examples], "es")
    familiar = held_out_familiarity(counts, wary.folds)
    ours = np.array([row.intent != OUT_OF_SCOPE for row in wary.examples])
    assert known.enough == pytest.approx(enough_of(familiar[ours]))
    assert known.enough > enough_of(familiar)


def test_confidence_is_learned_again_behind_the_bar() -> None:
    scores, truth = drawn(0)
    found = learn_bar(scores, truth, INTENTS, len(truth))
    assert found is not None
    [again] = blend(found.on_scores(scores)[np.newaxis], truth, len(truth))
    assert again == pytest.approx(1, abs=0.01)


def test_copies_of_rows_make_nobody_surer_behind_the_bar() -> None:
    scores, truth = np.array([[-1, 0.5, 0], [-2, 2, 0], [-2, 0, 2]]), np.arange(3)
    once = learn_bar(scores, truth, INTENTS, 3)
    often = learn_bar(np.tile(scores, (50, 1)), np.tile(truth, 50), INTENTS, 3)
    assert once is not None
    assert often is not None
    assert often.temperature == pytest.approx(once.temperature, rel=0.01)


def test_the_measures_are_of_answers_behind_the_bar(wary: Trained) -> None:
    """Without it none of these few would be caught while it is held out."""
    assert wary.measures.per_intent[OUT_OF_SCOPE].recall >= 0.25
