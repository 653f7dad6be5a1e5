"""The threshold for a new model is chosen on rows that it could not learn from."""

from dataclasses import replace

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.certifying.certificate import UNREACHED
from services.learning.certifying.provisional import FEWEST_GRADED, choose, provisional
from services.learning.out_of_fold import OutOfFold
from services.learning.promoting.retraining import Retrained, Sample, retrain

TARGET = 0.8


def learned() -> tuple[Retrained, list[Sample]]:
    """A model of labels that follow from nothing: right about what it learned, and no other."""
    dealer = np.random.default_rng(3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = ["".join(dealer.choice(list(letters), 8)) for _ in range(120)]
    rows = [
        Sample(number, text, str(dealer.choice(["precio", "envio"])))
        for number, text in enumerate(texts)
    ]
    return retrain(rows, None), rows


def chosen(made: Retrained, graded: list[Sample]) -> float:
    return provisional(made.trained, made.kept, graded, TARGET, "es")


def test_graded_turns_are_judged_by_the_fold_that_held_their_text_out() -> None:
    made, rows = learned()
    said = made.trained.student.predict([row.text for row in rows])
    right = np.array([each.intent == row.intent for each, row in zip(said, rows, strict=True)])
    asked = choose(np.array([each.confidence for each in said]), right, TARGET)
    assert asked < UNREACHED, "it must know what it learned, or nothing is tested"
    assert chosen(made, rows) == UNREACHED
    # As samples that are held, capped or newer, of which nothing but the text is known.
    others = [Sample(-1 - row.id, f"  {row.text.upper()} ", row.intent) for row in rows]
    assert chosen(made, others) == UNREACHED


def test_enough_graded_turns_choose_whatever_the_training_rows_say() -> None:
    made, rows = learned()
    graded = [Sample(row.id, row.text, kept_answer(made, at)) for at, row in enumerate(rows)]
    assert chosen(made, []) == UNREACHED
    assert chosen(made, graded) < UNREACHED


def test_few_graded_turns_leave_the_choice_to_the_training_rows() -> None:
    made, rows = learned()
    assert chosen(made, rows[: FEWEST_GRADED - 1]) == chosen(made, [])


def test_intents_that_the_operator_decided_have_no_say_in_it() -> None:
    made, rows = learned()
    both = frozenset({"precio", "envio"})
    nothing_left = choose(np.zeros(len(rows)), np.zeros(len(rows), dtype=bool), TARGET)
    for graded in (rows, []):
        assert provisional(made.trained, made.kept, graded, 0.3, "es") < nothing_left
        assert provisional(made.trained, made.kept, graded, 0.3, "es", both) == nothing_left


def test_turns_of_decided_intents_are_not_counted_as_enough() -> None:
    made, rows = learned()
    said = [kept_answer(made, place) for place in range(len(rows))]
    of_precio = [row for row, each in zip(rows, said, strict=True) if each == "precio"]
    assert len(of_precio) >= FEWEST_GRADED
    one = frozenset({"precio"})
    few, none = (
        provisional(made.trained, made.kept, graded, TARGET, "es", one)
        for graded in (of_precio, [])
    )
    assert few == none


def test_what_is_named_out_of_scope_lets_no_threshold_pass() -> None:
    """However sure and right it is: no threshold decides of it."""
    made, rows = learned()
    intents, nothing = (OUT_OF_SCOPE, "precio"), np.zeros(len(rows), dtype=np.uint16)
    sure = np.full(len(rows), 0.99, dtype=np.float32)
    strange = replace(made, kept=OutOfFold(intents, made.kept.ids, nothing, sure, nothing))
    assert chosen(strange, []) == UNREACHED
    assert chosen(strange, [Sample(row.id, row.text, OUT_OF_SCOPE) for row in rows]) == UNREACHED


def kept_answer(made: Retrained, place: int) -> str:
    return str(made.kept.intents[made.kept.said[place]])


def test_the_lowest_threshold_that_is_expected_to_reach_the_target_is_chosen() -> None:
    sure = np.array([0.99] * 200 + [0.6] * 200)
    assert choose(sure, sure > 0.9, TARGET) > 0.6
    assert choose(sure, np.ones(400, dtype=bool), TARGET) <= 0.6


def test_a_handful_of_rows_chooses_no_threshold_and_proves_no_more_than_they_say() -> None:
    assert choose(np.full(4, 0.9), np.ones(4, dtype=bool), TARGET) == UNREACHED
    assert choose(np.full(5, 0.9), np.ones(5, dtype=bool), TARGET) <= 0.9
    assert choose(np.full(5, 0.6), np.ones(5, dtype=bool), 0.95) == UNREACHED
