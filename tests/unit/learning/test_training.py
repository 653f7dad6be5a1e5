"""Training: what the student learns from the catalogue, and from too little."""

import json
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from services.learning.normalise import normalise
from services.learning.recipe.folds import FOLDS, deal
from services.learning.recipe.training import TrainingDataError, train
from services.learning.student import Example
from services.learning.trained import Trained

STRANGE = [
    "el perro ladra fuerte", "quién ganó el partido ayer", "me duele la cabeza",
    "cuéntame un chiste", "está lloviendo mucho", "cómo se hace el arroz", "me robaron la bici",
]  # fmt: skip
PHRASES = json.loads((Path(__file__).parents[2] / "everyday_phrases.json").read_text())


def test_out_of_fold_it_accepts_most_messages_at_a_precision_worth_trusting(
    trained: Trained,
) -> None:
    figures = trained.measures
    assert figures.threshold == 0.8
    assert figures.coverage >= 0.65
    assert figures.covered_precision is not None
    assert figures.covered_precision >= 0.93
    assert figures.accuracy >= 0.8
    assert figures.ece <= 0.05


@pytest.mark.parametrize("phrase", PHRASES, ids=[phrase["text"] for phrase in PHRASES])
def test_every_everyday_phrase_is_understood_with_confidence(
    trained: Trained, phrase: dict[str, str]
) -> None:
    [answer] = trained.student.predict([phrase["text"]])
    assert answer.intent == phrase["intent"]
    assert answer.confidence >= 0.8


def test_the_same_rows_and_seed_give_the_same_student(catalogue_rows: list[Example]) -> None:
    rows = catalogue_rows[::20]
    first, second = train(rows, seed=7), train(rows, seed=7)
    assert np.array_equal(first.out_of_fold, second.out_of_fold)
    assert first.student.predict(["hola, precio?"]) == second.student.predict(["hola, precio?"])


def test_equal_texts_share_a_fold_and_intents_spread_over_all_folds() -> None:
    texts = [f"texto {'abc'[n % 3]} {n // 3}" for n in range(60)] * 2
    intents = [f"intent_{text.split()[1]}" for text in texts]
    folds = deal(texts, intents, seed=3)
    assert list(folds[:60]) == list(folds[60:])
    for intent in set(intents):
        dealt = [fold for fold, name in zip(folds, intents, strict=True) if name == intent]
        assert np.bincount(dealt, minlength=FOLDS).tolist() == [4] * FOLDS


def test_rows_that_come_later_leave_the_folds_of_those_before() -> None:
    texts = [f"texto {n}" for n in range(40)]
    intents = ["precio" if n % 3 else "envio" for n in range(40)]
    assert list(deal(texts[:25], intents[:25])) == list(deal(texts, intents))[:25]
    assert list(deal(texts, intents)) != list(deal(texts, intents, seed=1))


def test_of_many_rows_two_folds_are_one() -> None:
    texts = [f"texto {n}" for n in range(20_001)]
    few, many = (deal(some, ["precio"] * len(some)) for some in (texts[:-1], texts))
    assert set(few) == set(range(FOLDS))
    assert list(many[:-1]) == list(few // 2)


def test_intents_of_two_texts_are_spread_over_all_folds() -> None:
    """Else every intent would be held out at once, and no fit would have seen much."""
    names = [f"intent {number}" for number in range(40) for _ in "ab"]
    folds = deal([f"texto {place}" for place in range(len(names))], names)
    assert np.bincount(folds, minlength=FOLDS).max() < 20


def test_the_fold_of_a_row_goes_by_its_normalised_text(trained: Trained) -> None:
    of_text: dict[str, set[int]] = {}
    for row, fold in zip(trained.examples, trained.folds, strict=True):
        of_text.setdefault(normalise(row.text), set()).add(int(fold))
    assert all(len(folds) == 1 for folds in of_text.values())


def test_a_misspelt_row_teaches_the_words_that_were_meant(few_rows: list[Example]) -> None:
    learned = train([*few_rows, Example("cuanto cuesya", "precio")]).student.weights
    stems, letters = learned.vocabularies
    assert "cuest" in stems
    assert not [piece for piece in (*stems, *letters) if "sy" in piece]


def test_the_shops_own_words_are_known_in_training_and_to_the_student(
    few_rows: list[Example],
) -> None:
    texts = ("el ergomagic", "otro ergomagic", "un ergomajic")
    student = train([*few_rows, *(Example(text, "precio") for text in texts)]).student
    assert not [stem for stem in student.weights.vocabularies[0] if "ergomaj" in stem]
    assert student.predict(["ergomajic"]) == student.predict(["ergomagic"])


def test_english_rows_are_read_as_english() -> None:
    rows = [
        *(Example(text, "shipping") for text in ("shipping pls", "is it shipped", "ship order")),
        *(Example(text, "receipt") for text in ("recieved my receipt", "received it", "a receipt")),
    ]
    stems, _ = train(rows, language="en").student.weights.vocabularies
    assert {"ship", "pleas", "order", "receiv"} <= stems.keys()
    assert not {"shipping", "shop", "pls", "orden", "recieved", "received"} & stems.keys()


def test_it_keeps_to_one_processor(catalogue_rows: list[Example]) -> None:
    used: list[int] = []
    with threadpool_limits(2, user_api="blas"):
        train(catalogue_rows[::20], progress=lambda _stage, _share: used.extend(_blas_threads()))
        assert set(used) == {1}
        assert set(_blas_threads()) == {2}


def _blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_progress_rises_from_nothing_to_done(catalogue_rows: list[Example]) -> None:
    told: list[tuple[str, float]] = []
    train(catalogue_rows[::20], progress=lambda *step: told.append(step))
    stages, shares = zip(*told, strict=True)
    assert list(shares) == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    folds = [f"fold {number} of {FOLDS}" for number in range(1, FOLDS + 1)]
    assert list(stages) == ["counting", "fitting", *folds, "done"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Example("hola", "saludo"), Example("buenas", "saludo")],
        [Example("hola", "saludo"), Example("precio", "precio")],
        [
            Example("hola", "saludo"),
            Example("HOLA", "saludo"),
            Example("si", "s"),
            Example("sí", "s"),
        ],
    ],
    ids=["nothing", "one intent", "one text each", "one text in two spellings"],
)
def test_rows_that_teach_nothing_are_refused_with_the_reason(rows: list[Example]) -> None:
    with pytest.raises(TrainingDataError, match="at least two intents with 2 different texts"):
        train(rows)


def test_two_texts_that_two_intents_share_cannot_both_be_held_out() -> None:
    shared = [("hola", "a"), ("chao", "p"), ("hola", "p"), ("chao", "a")]  # dealt the same fold
    with pytest.raises(TrainingDataError, match="2 different texts are too few"):
        train([Example(*row) for row in shared])


def test_an_intent_with_a_single_text_is_left_out_and_named() -> None:
    rows = [
        Example(text, text.split()[0]) for text in ("hola tú", "hola vos", "adiós a", "adiós b")
    ]
    trained = train([*rows, Example("quiero un tractor", "tractor")])
    assert trained.left_out == ("tractor",)
    assert trained.student.intents == ("adiós", "hola")


def test_two_intents_of_two_texts_are_enough() -> None:
    rows = [
        Example("hola", "h"),
        Example("hola tú", "h"),
        Example("chau", "c"),
        Example("chau ya", "c"),
    ]
    answers = train(rows).student.predict(["hola", "chau"])
    assert [answer.intent for answer in answers] == ["h", "c"]
    assert all(len(answer.alternatives) == 1 for answer in answers)


@pytest.mark.parametrize(
    ("pair", "texts"),
    [(("saludo", "despedida"), 4), (("catalogo", "humano_contacto"), 4), (("afirmar", "negar"), 8),
     (("despedida", "agradecimiento"), 20)],
)  # fmt: skip
def test_a_few_rows_that_are_told_apart_without_error_make_nobody_sure_of_strangers(
    catalogue_rows: list[Example], pair: tuple[str, str], texts: int
) -> None:
    of = ([row for row in catalogue_rows if row.intent == intent][:texts] for intent in pair)
    said = train(list(chain(*of))).student.predict(STRANGE)
    assert sum(each.confidence >= 0.9 for each in said) <= len(STRANGE) / 3


def test_copies_of_a_few_rows_make_nobody_surer_of_strangers(catalogue_rows: list[Example]) -> None:
    pair = ("comprar", "envio")
    few = list(chain(*([r for r in catalogue_rows if r.intent == name][:4] for name in pair)))
    said = train(few * 50).student.predict(STRANGE)
    assert max(each.confidence for each in said) < 0.9


def test_rows_without_a_readable_sign_teach_nothing(few_rows: list[Example]) -> None:
    """Else whatever can't be read would mean what they do."""
    dots = [Example(text, "saludo") for text in ("...", "", "-", ".") * 10]
    found, without = train([*dots, *few_rows, *dots]), train(few_rows)
    assert found.examples == tuple(few_rows)
    assert found.taught.tolist() == list(range(len(dots), len(dots) + len(few_rows)))
    strange = [*STRANGE, "", "ωψ"]
    assert found.student.predict(strange) == without.student.predict(strange)


def test_strangers_are_doubted_where_most_rows_share_no_letters() -> None:
    """Then nothing of most rows is known while they are held out."""
    codes = [Example(text, "letras") for text in ("ab", "bc", "cd", "de", "fg", "hi")]
    rows = [*codes, *(Example(text, "saludo") for text in ("hola", "buenas", "hey", "qué tal"))]
    said = train(rows).student.predict(["xyz", "quantum chromodynamics", "7"])
    assert max(each.confidence for each in said) < 0.8


def test_contradicting_rows_lower_confidence_instead_of_failing() -> None:
    texts = [f"frase número {letter}" for letter in "abcdefgh"]
    rows = [Example(text, intent) for text in texts for intent in ("una", "otra")]
    assert train(rows).student.predict(["frase número a"])[0].confidence < 0.8


def test_what_cannot_be_read_is_held_out_as_it_is_answered() -> None:
    rows = [Example(f"{place}" * place, "estado") for place in range(1, 8)]
    rows += [Example(f"gracias {letter}", "gracias") for letter in "abcde"]
    trained = train(rows)
    [unread] = np.unique([trained.out_of_fold[place] for place in range(7)])
    assert unread == 0
    assert {each.confidence for each in trained.student.predict(["1", "22"])} == {0}
