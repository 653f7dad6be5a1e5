"""Promotion: the model in use is replaced by what is no worse, and by nothing else."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.out_of_fold import OutOfFold
from services.learning.promoting.promotion import (
    Deltas,
    Promote,
    Refuse,
    compare,
    coverage,
    verdict,
)

INTENTS = ("envio", "precio", OUT_OF_SCOPE)
STEADY = Deltas(
    macro_f1=0.0,
    coverage=0.0,
    recall={"precio": 0.0},
    rows={"precio": 4000},
    lost={"precio": 0},
    won={"precio": 0},
)
Word = tuple[str, str, float]
"""What was said, what was meant, how sure."""


def word_of(*rows: Word, intents: tuple[str, ...] = INTENTS) -> OutOfFold:
    place = {name: number for number, name in enumerate(intents)}
    return OutOfFold(
        intents=intents,
        ids=np.arange(len(rows)),
        said=np.array([place[row[0]] for row in rows], dtype=np.uint16),
        sure=np.array([row[2] for row in rows], dtype=np.float32),
        truth=np.array([place[row[1]] for row in rows], dtype=np.uint16),
    )


def decided(before: OutOfFold, after: OutOfFold, new: Sequence[int] = ()) -> Promote | Refuse:
    known = np.ones(len(after), dtype=bool)
    known[list(new)] = False
    return compare(before, after, known)


def lost_rows(lost: int, *, of: int, won: int = 0) -> dict[str, object]:
    """What an intent lost of so many rows, and won of others."""
    recall = {"precio": (won - lost) / of}
    return {
        "recall": recall,
        "rows": {"precio": of},
        "lost": {"precio": lost},
        "won": {"precio": won},
    }


RIGHT: Word = ("precio", "precio", 0.9)
SHIPPED: Word = ("envio", "envio", 0.9)


def test_coverage_is_what_the_lowest_threshold_of_the_target_precision_accepts() -> None:
    word = word_of(*[RIGHT] * 6, ("envio", "precio", 0.7), ("precio", "precio", 0.6))
    assert coverage(word, 0.95) == 6 / 8
    assert coverage(word, 0.85) == 1.0


def test_coverage_is_nothing_where_no_threshold_reaches_the_target() -> None:
    assert coverage(word_of(("envio", "precio", 0.99), RIGHT), 0.95) == 0.0


def test_coverage_leaves_to_the_teacher_what_is_named_out_of_scope() -> None:
    assert coverage(word_of(RIGHT, (OUT_OF_SCOPE, OUT_OF_SCOPE, 0.99)), 0.95) == 0.5


def test_each_model_gets_the_threshold_that_suits_it() -> None:
    """A challenger that is less sure of everything, and as often right, covers as much."""
    before = word_of(*[RIGHT] * 20, ("envio", "precio", 0.5))
    after = word_of(*[("precio", "precio", 0.6)] * 20, ("envio", "precio", 0.3))
    decision = decided(before, after)
    assert isinstance(decision, Promote)
    assert decision.whole is not None
    assert decision.whole.coverage == 0.0


def test_the_same_answers_are_promoted_with_deltas_of_nothing() -> None:
    word = word_of(*[RIGHT] * 5, *[SHIPPED] * 4)
    nothing = {"envio": 0.0, "precio": 0.0}
    none = {"envio": 0, "precio": 0}
    deltas = Deltas(0.0, 0.0, nothing, rows={"envio": 4, "precio": 5}, lost=none, won=none)
    assert decided(word, word) == Promote(
        "Promoted: macro-F1 +0.0%, coverage +0.0% on all rows; within the limits on the known "
        "rows.",
        deltas,
        deltas,
    )


def test_a_gain_on_new_rows_does_not_pay_for_a_loss_on_known_ones() -> None:
    lost: list[Word] = [("envio", "precio", 0.9)] * 8
    before = word_of(*[RIGHT] * 40, *[SHIPPED] * 20, *[("precio", "envio", 0.9)] * 30)
    after = word_of(*[RIGHT] * 32, *lost, *[SHIPPED] * 50)
    decision = decided(before, after, new=range(60, 90))
    assert decision.whole is not None
    assert decision.whole.macro_f1 > 0
    assert isinstance(decision, Refuse)
    assert "precio collapsed (-20% recall)" in decision.reason


def test_an_intent_that_the_challenger_no_longer_has_is_an_error_and_no_collapse() -> None:
    gone = (*INTENTS, "regalo")
    before = word_of(*[RIGHT] * 9, ("regalo", "precio", 0.9), *[SHIPPED] * 9, intents=gone)
    decision = decided(before, word_of(*[RIGHT] * 10, *[SHIPPED] * 9))
    assert isinstance(decision, Promote)
    assert decision.whole is not None
    assert decision.whole.recall == pytest.approx({"envio": 0.0, "precio": 0.1})


def test_champions_without_a_single_known_row_are_judged_on_the_new_ones() -> None:
    word = word_of(RIGHT, SHIPPED)
    decision = decided(word, word, new=range(2))
    assert decision.known == Deltas(0.0, 0.0, recall={}, rows={}, lost={}, won={})


def test_new_labels_that_contradict_everything_are_refused() -> None:
    known, new = [RIGHT] * 50, [("precio", "envio", 0.9)] * 20
    word = word_of(*known, *[SHIPPED] * 50, *new)
    decision = decided(word, word, new=range(100, 120))
    assert decision.reason == ("Refused: the new labels contradict everything: 0% are as expected.")


def test_new_labels_of_a_new_intent_contradict_nothing() -> None:
    word = word_of(*[RIGHT] * 50, *[("precio", "envio", 0.9)] * 20)
    assert isinstance(decided(word, word, new=range(50, 70)), Promote)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"macro_f1": -0.02}, "macro-F1 -2.0% on the known rows"),
        ({"coverage": -0.06}, "coverage at 95% precision -6.0% on the known rows"),
        (lost_rows(20, of=100), "precio collapsed (-20% recall)"),
    ],
    ids=["macro-F1", "coverage", "collapse"],
)
def test_each_figure_that_falls_below_its_limit_refuses_by_name(
    change: dict[str, object], complaint: str
) -> None:
    decision = verdict(replace(STEADY, **change), STEADY)  # type: ignore[arg-type]  # by name
    assert decision.reason == f"Refused: {complaint}."


@pytest.mark.parametrize(
    "change",
    [
        {"macro_f1": -0.009},
        {"coverage": -0.04},
        lost_rows(9, of=100),
        lost_rows(4, of=4),
        lost_rows(20, of=100, won=10),
    ],
    ids=["macro-F1", "coverage", "recall", "too few rows to tell", "others were won"],
)
def test_what_stays_within_the_limits_is_promoted(change: dict[str, object]) -> None:
    steady = replace(STEADY, **change)  # type: ignore[arg-type]  # by name
    assert isinstance(verdict(steady, STEADY), Promote)


def test_the_fewer_the_rows_the_larger_is_the_noise() -> None:
    fallen = replace(STEADY, macro_f1=-0.02, coverage=-0.08)
    few, fewer = replace(fallen, rows={"precio": 900}), replace(fallen, rows={"precio": 600})
    assert "macro-F1" in verdict(few, STEADY).reason
    assert "coverage" in verdict(few, STEADY).reason
    assert isinstance(verdict(fewer, STEADY), Promote)


def test_however_few_the_rows_no_more_than_a_fifth_is_noise() -> None:
    few = replace(STEADY, rows={"precio": 50})
    assert isinstance(verdict(replace(few, coverage=-0.21), STEADY), Refuse)
    assert isinstance(verdict(replace(few, coverage=-0.19), STEADY), Promote)


def test_an_intent_has_collapsed_that_loses_just_its_limit() -> None:
    tenth = replace(STEADY, **lost_rows(10, of=100))  # type: ignore[arg-type]  # by name
    assert verdict(tenth, STEADY).reason == "Refused: precio collapsed (-10% recall)."


def test_coverages_are_compared_at_the_operators_own_target() -> None:
    doubted, sure = ("envio", "precio", 0.5), ("envio", "precio", 0.99)
    before, after = word_of(*[RIGHT] * 90, *[doubted] * 10), word_of(*[RIGHT] * 90, *[sure] * 10)
    everything = np.ones(100, dtype=bool)
    for known in (everything, ~everything):
        assert isinstance(compare(before, after, known), Refuse)
        assert isinstance(compare(before, after, known, target=0.9), Promote)


def test_a_critical_intent_may_lose_less_than_another() -> None:
    fallen = replace(STEADY, **lost_rows(8, of=100))  # type: ignore[arg-type]  # by name
    refused = verdict(fallen, STEADY, critical={"precio"})
    assert refused.reason == "Refused: precio collapsed (-8% recall)."
    assert isinstance(verdict(fallen, STEADY, critical={"envio"}), Promote)
    gone = replace(STEADY, **lost_rows(3, of=4))  # type: ignore[arg-type]  # by name
    assert isinstance(verdict(gone, STEADY, critical={"precio"}), Refuse)


@pytest.mark.parametrize(
    ("lost", "of"), [(4, 100), (2, 4)], ids=["less than a twentieth", "too few rows to tell"]
)
def test_a_critical_intent_too_may_lose_a_little(lost: int, of: int) -> None:
    fallen = replace(STEADY, **lost_rows(lost, of=of))  # type: ignore[arg-type]  # by name
    assert isinstance(verdict(fallen, STEADY, critical={"precio"}), Promote)


def test_answers_are_judged_by_what_is_critical() -> None:
    before = word_of(*[RIGHT] * 50, *[SHIPPED] * 50)
    after = word_of(*[("envio", "precio", 0.1)] * 4, *[RIGHT] * 46, *[SHIPPED] * 50)
    known = np.ones(100, dtype=bool)
    assert isinstance(compare(before, after, known), Promote)
    assert isinstance(compare(before, after, known, critical={"precio"}), Refuse)


def test_a_fall_of_coverage_is_told_with_the_operators_own_target() -> None:
    before = word_of(*[RIGHT] * 400)
    after = word_of(*[RIGHT] * 200, *[("envio", "precio", 0.9)] * 200)
    refused = compare(before, after, np.ones(400, dtype=bool), target=0.9)
    assert "coverage at 90% precision -100.0% on the known rows" in refused.reason


def test_a_chance_of_one_in_a_hundred_parts_a_collapse_from_bad_luck() -> None:
    """All six rows lost is as likely as six heads in a row: 1 in 64; all seven, 1 in 128."""
    six, seven = (
        replace(STEADY, **lost_rows(lost, of=lost))  # type: ignore[arg-type]  # by name
        for lost in (6, 7)
    )
    assert isinstance(verdict(six, STEADY), Promote)
    assert isinstance(verdict(seven, STEADY), Refuse)


def test_of_several_collapses_the_worst_is_told_first() -> None:
    fallen = replace(
        STEADY,
        recall={"envio": -0.2, "precio": -0.4, "saludo": -0.3},
        lost={"envio": 20, "precio": 40, "saludo": 30},
        won={"envio": 0, "precio": 0, "saludo": 0},
    )
    assert re.findall(r"(\w+) collapsed", verdict(fallen, STEADY).reason) == [
        "precio",
        "saludo",
        "envio",
    ]


def test_the_gains_that_are_told_are_those_on_all_rows() -> None:
    gained = replace(STEADY, macro_f1=0.02, coverage=0.03)
    assert verdict(STEADY, gained).reason.startswith(
        "Promoted: macro-F1 +2.0%, coverage +3.0% on all rows"
    )


def test_an_intent_that_only_the_champion_knew_moves_no_figure_of_the_others() -> None:
    rows = [*[RIGHT] * 6, *[SHIPPED] * 4]
    decision = decided(word_of(*rows, intents=(*INTENTS, "regalo")), word_of(*rows))
    assert decision.whole is not None
    assert decision.whole.macro_f1 == 0


def test_a_few_new_labels_are_too_few_to_contradict() -> None:
    assert isinstance(verdict(STEADY, STEADY, None), Promote)
    assert isinstance(verdict(STEADY, STEADY, 0.1), Promote)
    assert isinstance(verdict(STEADY, STEADY, 0.09), Refuse)


def noisy(dealer: np.random.Generator, wrong: Sequence[bool]) -> OutOfFold:
    """What one of many models of one worth says of rows whose label is wrong or right."""
    easy = np.random.default_rng(0).beta(6, 1.2, len(wrong))
    right = dealer.random(len(wrong)) < np.where(wrong, 0.02, easy + 0.05)
    sure = np.clip(easy + dealer.normal(0, 0.03, len(wrong)), 0.05, 0.999)
    return word_of(
        *(
            ("precio" if hit else "envio", "precio", float(each))
            for hit, each in zip(right, sure, strict=True)
        )
    )


def test_a_champion_that_was_lucky_with_noisy_labels_can_be_replaced() -> None:
    """Of a tenth of wrong labels, one or two among the surest rows decide what is covered."""
    dealer = np.random.default_rng(1)
    wrong = (dealer.random(600) < 0.1).tolist()
    champion = max((noisy(dealer, wrong) for _ in range(20)), key=lambda word: coverage(word, 0.95))
    challengers = [noisy(dealer, wrong) for _ in range(20)]
    fell = [coverage(champion, 0.95) - coverage(word, 0.95) > 0.1 for word in challengers]
    assert sum(fell) >= 10
    refused = [isinstance(decided(champion, word), Refuse) for word in challengers]
    assert sum(refused) <= 3


def rare(said: str, meant: str) -> list[Word]:
    return [(said, meant, 0.9)] * 3


def test_a_champion_that_was_lucky_with_an_intents_only_rows_can_be_replaced() -> None:
    """Two of three rows are a third of macro-F1 here, but no more than two rows."""
    names = (*INTENTS, "regalo")
    most = [*[RIGHT] * 600, *[SHIPPED] * 400]
    before = word_of(*most, *rare("regalo", "regalo"), intents=names)
    lost = [*rare("regalo", "regalo")[:1], *rare("precio", "regalo")[:2]]
    decision = decided(before, word_of(*most, *lost, intents=names))
    assert decision.known is not None
    assert decision.known.macro_f1 < -0.1
    assert decision.known.macro_f1_luck > 0.05
    assert isinstance(decision, Promote)


def test_a_fall_of_macro_f1_that_is_no_luck_refuses() -> None:
    names = (*INTENTS, *(f"regalo{number}" for number in range(20)))
    most = [*[RIGHT] * 600, *[SHIPPED] * 400]
    rows = [row for name in names[3:] for row in rare(name, name)]
    before = word_of(*most, *rows, intents=names)
    fallen = [("precio", meant, sure) if place % 6 == 0 else (said, meant, sure)
              for place, (said, meant, sure) in enumerate(rows)]  # fmt: skip
    decision = decided(before, word_of(*most, *fallen, intents=names))
    assert decision.reason.startswith("Refused: macro-F1 ")
    assert "collapsed" not in decision.reason


def test_a_fall_of_coverage_that_is_no_luck_refuses() -> None:
    before = word_of(*[RIGHT] * 400, *[SHIPPED] * 400)
    doubtful = [("precio", "envio", 0.8)] * 60 + [("envio", "envio", 0.8)] * 340
    after = word_of(*[RIGHT] * 400, *doubtful)
    refusal = decided(before, after)
    assert isinstance(refusal, Refuse)
    assert "coverage at 95% precision" in refusal.reason


def test_a_fall_on_all_rows_refuses_though_the_known_ones_kept_up() -> None:
    decision = verdict(STEADY, replace(STEADY, macro_f1=-0.02))
    assert decision.reason == "Refused: macro-F1 -2.0% on all rows."


def test_nineteen_new_labels_are_too_few_to_contradict() -> None:
    both = word_of(*[RIGHT] * 50, *[SHIPPED] * 50, *[("precio", "envio", 0.9)] * 19)
    assert isinstance(decided(both, both, new=range(100, 119)), Promote)


def test_a_draw_in_which_neither_reaches_the_target_is_no_fall() -> None:
    wrong = ("envio", "precio")
    before = word_of(*[RIGHT] * 38, *[(*wrong, 0.9)] * 2, *[(*wrong, 0.1)] * 60)
    after = replace(before, sure=np.full_like(before.sure, 0.5))
    assert coverage(before, 0.95) == 0.4
    assert coverage(after, 0.95) == 0
    assert isinstance(decided(before, after), Promote)
