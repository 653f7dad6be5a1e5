"""Promotion: the model in use is replaced by what is no worse, and by nothing else."""

import random
from dataclasses import replace

import pytest

from services.learning.promotion import Deltas, Promote, Refuse, compare, verdict
from services.learning.student import Example
from services.learning.training import TrainingDataError

STEADY = Deltas(
    macro_f1=0.0, coverage=0.0, precision=0.0, recall={"precio": 0.0}, rows={"precio": 40}
)


@pytest.fixture(scope="module")
def parted(catalogue_rows: list[Example]) -> tuple[list[Example], list[Example]]:
    """The champion's rows, and 100 that it has not seen."""
    rows = random.Random(1).sample(catalogue_rows, len(catalogue_rows))
    return rows[100:], rows[:100]


def mislabelled(rows: list[Example], share: float) -> list[Example]:
    """That share of the rows with another intent, drawn at random."""
    dealer, intents = random.Random(2), sorted({row.intent for row in rows})
    return [
        replace(row, intent=dealer.choice([name for name in intents if name != row.intent]))
        if dealer.random() < share
        else row
        for row in rows
    ]


def test_clean_new_rows_are_promoted_with_their_gain(
    parted: tuple[list[Example], list[Example]],
) -> None:
    known, new = parted
    decision = compare(known, new)
    assert isinstance(decision, Promote)
    assert decision.whole.macro_f1 > 0
    assert decision.reason.startswith("Promoted: macro-F1 +")


def test_rows_with_a_teachers_usual_errors_are_still_promoted(
    parted: tuple[list[Example], list[Example]],
) -> None:
    known, new = parted
    assert isinstance(compare(known, mislabelled(new, 0.1)), Promote)


def test_poisoned_rows_are_refused_with_deltas_for_every_intent(
    parted: tuple[list[Example], list[Example]],
) -> None:
    known, new = parted
    decision = compare(known, mislabelled(new, 1.0))
    assert isinstance(decision, Refuse)
    assert "macro-F1 -" in decision.reason
    assert "coverage at 0.8 -" in decision.reason
    assert decision.known is not None
    assert decision.known.recall.keys() == {row.intent for row in known}
    assert min(decision.known.recall.values()) < 0


def test_poison_in_one_intent_is_refused_by_that_intents_name(
    catalogue_rows: list[Example],
) -> None:
    prices = [row for row in catalogue_rows if row.intent == "precio"]
    turned = random.Random(0).sample(prices, 40)
    known = [row for row in catalogue_rows if row not in turned]
    decision = compare(known, [replace(row, intent="envio") for row in turned])
    assert isinstance(decision, Refuse)
    assert "precio collapsed" in decision.reason


def test_known_texts_sent_again_under_wrong_intents_are_refused(
    catalogue_rows: list[Example],
) -> None:
    copies = mislabelled(random.Random(4).sample(catalogue_rows, 150), 1.0)
    assert isinstance(compare(catalogue_rows, copies), Refuse)


def test_a_new_intent_is_learned_beside_the_old_ones(catalogue_rows: list[Example]) -> None:
    known = [row for row in catalogue_rows if row.intent != "bot_identidad"]
    new = [row for row in catalogue_rows if row.intent == "bot_identidad"]
    decision = compare(known, new)
    assert isinstance(decision, Promote)
    assert decision.whole.recall["bot_identidad"] > 0.5


def test_nothing_new_is_refused_at_once(catalogue_rows: list[Example]) -> None:
    assert compare(catalogue_rows, []) == Refuse("Refused: there is nothing new to learn from.")


def test_a_single_row_of_an_intent_of_its_own_is_nothing_to_learn_from(
    catalogue_rows: list[Example],
) -> None:
    decision = compare(catalogue_rows[:100], [Example("quiero un tractor", "tractor")])
    assert decision.reason == "Refused: there is nothing new to learn from."


def test_the_same_rows_and_seed_give_the_same_decision(catalogue_rows: list[Example]) -> None:
    known, new = catalogue_rows[:200], catalogue_rows[200:260]
    assert compare(known, new, seed=5) == compare(known, new, seed=5)


def test_known_rows_that_teach_nothing_are_refused() -> None:
    with pytest.raises(TrainingDataError):
        compare([Example("hola", "saludo")], [Example("precio", "precio")])


def test_progress_covers_both_students(catalogue_rows: list[Example]) -> None:
    seen: list[float] = []
    compare(
        catalogue_rows[:150],
        catalogue_rows[150:160],
        progress=lambda _stage, share: seen.append(share),
    )
    assert seen == sorted(seen)
    assert len(seen) == 10


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"macro_f1": -0.02}, "macro-F1 -2.0% on the known rows"),
        ({"coverage": -0.06}, "coverage at 0.8 -6.0% on the known rows"),
        ({"precision": -0.02}, "precision at 0.8 -2.0% on the known rows"),
        ({"recall": {"precio": -0.2}}, "precio collapsed (-20% recall)"),
    ],
    ids=["macro-F1", "coverage", "precision", "collapse"],
)
def test_each_figure_that_falls_below_its_limit_refuses_by_name(
    change: dict[str, object], complaint: str
) -> None:
    decision = verdict(replace(STEADY, **change), STEADY)  # type: ignore[arg-type]  # by name
    assert decision.reason == f"Refused: {complaint}."


@pytest.mark.parametrize(
    "change",
    [
        {"macro_f1": -0.005},
        {"coverage": -0.04},
        {"precision": None},
        {"recall": {"precio": -0.5}, "rows": {"precio": 4}},
    ],
    ids=["macro-F1", "coverage", "nothing accepted", "too few rows to call it a collapse"],
)
def test_what_stays_within_the_limits_is_promoted(change: dict[str, object]) -> None:
    steady = replace(STEADY, **change)  # type: ignore[arg-type]  # by name
    assert isinstance(verdict(steady, STEADY), Promote)
