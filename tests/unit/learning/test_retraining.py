"""A whole retraining: what is learned, what it is compared with, and what becomes of it."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.out_of_fold import OutOfFold, keep
from services.learning.promoting.lining_up import is_known, line_up, unchanged
from services.learning.promoting.promotion import NOTHING_NEW, Promote, Refuse, compare
from services.learning.promoting.retraining import NOTHING_BEFORE, Champion, Sample, retrain
from services.learning.recipe.training import TrainingDataError
from services.learning.student import Example, Prediction

Parted = tuple[list[Sample], list[Sample]]


@pytest.fixture(scope="module")
def samples(catalogue_rows: list[Example]) -> list[Sample]:
    """The catalogue's examples with the ids that a database would give them."""
    return [Sample(place, row.text, row.intent) for place, row in enumerate(catalogue_rows, 1)]


@pytest.fixture(scope="module")
def parted(samples: list[Sample]) -> Parted:
    """The champion's rows, and 100 that it has not seen."""
    rows = random.Random(1).sample(samples, len(samples))
    return rows[100:], rows[:100]


def champion_of(samples: Sequence[Sample]) -> Champion:
    made = retrain(samples, None)
    return Champion(made.trained.student, made.kept)


@pytest.fixture(scope="module")
def champion(parted: Parted) -> Champion:
    return champion_of(parted[0])


def mislabelled(rows: Iterable[Sample], share: float, intents: Sequence[str]) -> list[Sample]:
    """That share of the rows with another intent, drawn at random."""
    dealer = random.Random(2)
    return [
        replace(row, intent=dealer.choice([name for name in intents if name != row.intent]))
        if dealer.random() < share
        else row
        for row in rows
    ]


def test_without_a_champion_the_first_model_is_promoted(samples: list[Sample]) -> None:
    made = retrain(samples[::20], None)
    assert made.verdict == NOTHING_BEFORE
    assert made.kept.ids.tolist() == [row.id for row in samples[::20]]


def test_clean_new_rows_are_promoted_with_their_gain(parted: Parted) -> None:
    """A shop that has few rows learns from each."""
    few, new = parted[0][:300], parted[0][300:600]
    verdict = retrain([*few, *new], champion_of(few)).verdict
    assert isinstance(verdict, Promote)
    assert verdict.reason.startswith("Promoted: macro-F1 +")


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_rows_with_a_teachers_usual_errors_are_still_promoted(
    parted: Parted, champion: Champion, share: float
) -> None:
    new = mislabelled(parted[1], share, champion.kept.intents)
    assert isinstance(retrain([*parted[0], *new], champion).verdict, Promote)


@pytest.mark.parametrize("count", [50, 100])
def test_poisoned_rows_are_refused_with_deltas_for_every_intent(
    parted: Parted, champion: Champion, count: int
) -> None:
    new = mislabelled(parted[1][:count], 1.0, champion.kept.intents)
    verdict = retrain([*parted[0], *new], champion).verdict
    assert isinstance(verdict, Refuse)
    assert "contradict everything" in verdict.reason
    assert verdict.known is not None
    assert verdict.known.recall.keys() == set(champion.kept.intents)
    assert min(verdict.known.recall.values()) < 0


def test_poison_in_one_intent_is_refused_by_that_intents_name(samples: list[Sample]) -> None:
    prices = [row for row in samples if row.intent == "precio"]
    turned = random.Random(0).sample(prices, 80)
    known = [row for row in samples if row not in turned]
    new = [replace(row, intent="envio") for row in turned]
    verdict = retrain([*known, *new], champion_of(known)).verdict
    assert isinstance(verdict, Refuse)
    assert "precio collapsed" in verdict.reason


def test_known_texts_sent_again_under_wrong_intents_are_refused(
    parted: Parted, champion: Champion
) -> None:
    drawn = random.Random(4).sample(parted[0], 100)
    copies = [replace(row, id=row.id + 10_000) for row in drawn]
    wrong = mislabelled(copies, 1.0, champion.kept.intents)
    assert isinstance(retrain([*parted[0], *wrong], champion).verdict, Refuse)


def test_a_new_intent_is_learned_beside_the_old_ones(samples: list[Sample]) -> None:
    known = [row for row in samples if row.intent != "bot_identidad"]
    verdict = retrain(samples, champion_of(known)).verdict
    assert isinstance(verdict, Promote)
    assert verdict.whole is not None
    assert verdict.whole.recall["bot_identidad"] > 0.5
    assert verdict.known is not None
    assert "bot_identidad" not in verdict.known.recall


def test_an_intent_that_left_the_catalogue_is_no_collapse(
    parted: Parted, champion: Champion
) -> None:
    made = retrain([row for row in parted[0] if row.intent != "precio"], champion)
    assert isinstance(made.verdict, Promote)
    assert "precio" not in made.kept.intents


def test_a_renamed_intent_is_neither_a_gain_nor_a_loss(samples: list[Sample]) -> None:
    """Under its old name the champion would be wrong about each of its rows."""
    champion = champion_of(samples)
    renamed = [
        replace(row, intent="cuanto_vale") if row.intent == "precio" else row for row in samples
    ]
    knows = replace(champion, renamed={"precio": "cuanto_vale"})
    verdict = retrain(renamed, knows).verdict
    assert isinstance(verdict, Promote)
    assert verdict.whole is not None
    assert abs(verdict.whole.macro_f1) < 0.01
    assert verdict.whole.rows["cuanto_vale"] == sum(row.intent == "precio" for row in samples)
    ignorant = retrain(renamed, champion).verdict
    assert ignorant.whole is not None
    assert ignorant.whole.macro_f1 > 0.02


def test_a_name_that_the_model_has_for_another_intent_is_not_given_twice(
    champion: Champion,
) -> None:
    both = replace(champion, renamed={"precio": "envio"}).under_todays_names()
    assert both.student.intents == champion.student.intents


def test_what_a_champion_is_asked_it_answers_under_todays_names(champion: Champion) -> None:
    renamed = replace(champion, renamed={"precio": "cuanto_vale"}).under_todays_names()
    before, today = (each.student.predict(["qué precio tiene?"])[0] for each in (champion, renamed))
    assert (before.intent, today.intent) == ("precio", "cuanto_vale")


def test_a_sample_that_teaches_nothing_moves_no_answer_of_the_champion(
    parted: Parted,
) -> None:
    few, champion = parted[0][:250], champion_of(parted[0][:200])
    tractor = Sample(9_999, "quiero un tractor", "tractor")
    assert retrain([tractor, *few], champion).verdict == retrain(few, champion).verdict


def test_a_challenger_is_judged_by_the_operators_own_limits(
    parted: Parted, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[dict[str, object]] = []

    def watched(*answers: Any, **given: Any) -> Promote | Refuse:
        limits.append(given)
        return compare(*answers, **given)

    monkeypatch.setattr("services.learning.promoting.retraining.compare", watched)
    few, champion = parted[0][:250], champion_of(parted[0][:200])
    retrain(few, champion, target=0.9, critical=frozenset({"precio"}))
    assert limits == [{"target": 0.9, "critical": {"precio"}}]


def test_another_seed_deals_other_folds(samples: list[Sample]) -> None:
    one, other = (retrain(samples[::20], None, seed=seed).trained.folds for seed in (0, 1))
    assert one.tolist() != other.tolist()


def test_a_sample_without_a_readable_sign_moves_no_other_rows_word(samples: list[Sample]) -> None:
    rows = samples[::12]
    with_it = retrain([*rows[:7], Sample(9_999, "...", rows[0].intent), *rows[7:]], None)
    assert with_it.kept.ids.tolist() == [row.id for row in rows]
    np.testing.assert_array_equal(with_it.kept.said, retrain(rows, None).kept.said)


def test_nothing_new_is_refused(samples: list[Sample]) -> None:
    few = samples[::20]
    champion = champion_of(few)
    assert retrain(few, champion).verdict == NOTHING_NEW
    tractor = Sample(9_999, "quiero un tractor", "tractor")
    assert retrain([*few, tractor], champion).verdict == NOTHING_NEW, "one text teaches nothing"


def test_the_same_rows_are_learned_again_in_another_language(samples: list[Sample]) -> None:
    few = samples[::20]
    read_otherwise = retrain(few, champion_of(few), language="en")
    assert read_otherwise.verdict != NOTHING_NEW
    assert read_otherwise.trained.student.weights.language == "en"


def test_the_same_rows_and_seed_give_the_same_decision(parted: Parted) -> None:
    few, champion = parted[0][:350], champion_of(parted[0][:300])
    assert retrain(few, champion).verdict == retrain(few, champion).verdict


def test_rows_that_teach_nothing_raise(champion: Champion) -> None:
    with pytest.raises(TrainingDataError):
        retrain([Sample(1, "hola", "saludo"), Sample(2, "precio", "precio")], champion)


def test_progress_goes_from_nothing_to_all(parted: Parted) -> None:
    told: list[tuple[str, float]] = []
    few, champion = parted[0][:350], champion_of(parted[0][:300])
    retrain(few, champion, progress=lambda *step: told.append(step))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert "comparing" in [stage for stage, _ in told]


@dataclass
class Parrot:
    """Says `saludo` to everything, and notes what it was asked."""

    asked: list[str] = field(default_factory=list)
    version: str = "parrot"
    intents: tuple[str, ...] = ("precio", "saludo")

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.asked += texts
        return [Prediction("saludo", 0.75, ()) for _ in texts]


def kept_of(*rows: tuple[int, str, str], intents: tuple[str, ...]) -> OutOfFold:
    """Rows of an id, what was said, and what was meant."""
    place = {name: number for number, name in enumerate(intents)}
    return OutOfFold(
        intents,
        ids=np.array([row[0] for row in rows]),
        said=np.array([place[row[1]] for row in rows], dtype=np.uint16),
        sure=np.full(len(rows), 0.5, dtype=np.float32),
        truth=np.array([place[row[2]] for row in rows], dtype=np.uint16),
    )


OLD = kept_of((1, "precio", "precio"), (2, "saludo", "precio"), intents=("precio", "saludo"))


def said(word: OutOfFold) -> list[str]:
    return [word.intents[place] for place in word.said]


def test_the_champion_is_asked_only_about_texts_it_has_not_seen() -> None:
    today = kept_of(
        (1, "envio", "precio"),
        (3, "envio", "precio"),
        (4, "envio", "envio"),
        intents=("envio", "precio"),
    )
    parrot = Parrot()
    word = line_up(["Cuánto cuesta?", "cuanto  cuesta?", "hola"], today, parrot, OLD, "es")
    assert parrot.asked == ["hola"]
    assert said(word) == ["precio", "precio", "saludo"], "the copy has the word of its original"
    assert word.sure.tolist() == [0.5, 0.5, 0.75]
    assert word.intents == ("envio", "precio", "saludo"), "the names begin with the challenger's"
    assert word.truth is today.truth


def test_the_champion_is_as_sure_as_it_was_then() -> None:
    surer = replace(OLD, sure=np.array([0.8, 0.9], dtype=np.float32))
    word = line_up(["precio", "hola"], surer, Parrot(), OLD, "es")
    assert word.sure.tolist() == [0.5, 0.5]


def test_a_copy_is_known_as_its_language_spells_it() -> None:
    today = kept_of((1, "saludo", "precio"), (3, "saludo", "precio"), intents=("precio", "saludo"))
    parrot = Parrot()
    word = line_up(["price pls", "price please"], today, parrot, OLD, "en")
    assert parrot.asked == []
    assert said(word) == ["precio", "precio"]


def test_any_of_hundreds_of_intents_keeps_its_name() -> None:
    names = tuple(f"intent {number}" for number in range(300))
    kept = kept_of((1, names[-1], names[0]), intents=names)
    today = kept_of((1, names[0], names[0]), intents=names)
    assert said(line_up(["hola"], today, Parrot(), kept, "es")) == [names[-1]]


def test_a_row_whose_label_was_corrected_counts_as_new() -> None:
    corrected = kept_of(
        (1, "precio", "precio"), (2, "saludo", "saludo"), intents=("precio", "saludo")
    )
    assert is_known(OLD, corrected).tolist() == [True, False]
    assert not unchanged(OLD, corrected)


def test_rows_that_left_are_a_change() -> None:
    assert unchanged(OLD, OLD)
    assert not unchanged(OLD, kept_of((1, "precio", "precio"), intents=("precio", "saludo")))


def test_labels_are_known_by_name_wherever_the_names_stand() -> None:
    moved = kept_of(
        (1, "precio", "precio"), (2, "saludo", "precio"), intents=("envio", "precio", "saludo")
    )
    assert is_known(OLD, moved).all()


def test_what_is_kept_is_the_likeliest_intent_of_each_row(samples: list[Sample]) -> None:
    out = [Sample(9_000 + n, f"cuéntame {what}", OUT_OF_SCOPE) for n, what in enumerate("abcdef")]
    made = retrain([*samples[::15], *out], None)
    kept, probabilities = made.kept, made.trained.out_of_fold
    assert [kept.intents[place] for place in kept.truth] == [
        row.intent for row in made.trained.examples
    ]
    assert np.array_equal(kept.said, probabilities.argmax(axis=1))
    assert np.allclose(kept.sure, probabilities.max(axis=1))
    assert sum(array.nbytes for array in (kept.ids, kept.said, kept.sure, kept.truth)) == (
        16 * len(kept)
    )


def test_ids_of_other_rows_are_refused(samples: list[Sample]) -> None:
    with pytest.raises(ValueError, match="2 sample ids for"):
        keep(retrain(samples[::20], None).trained, [1, 2])
