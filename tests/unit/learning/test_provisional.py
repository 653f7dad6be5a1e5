"""The threshold for a new model is chosen on rows that it could not learn from."""

from dataclasses import replace

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.certifying.certificate import UNREACHED
from services.learning.certifying.provisional import FEWEST_GRADED, choose, provisional
from services.learning.out_of_fold import OutOfFold
from services.learning.promoting.retraining import Retrained, Sample, retrain

TARGET = 0.8


def learned(language: str = "es", end: str = "") -> tuple[Retrained, list[Sample]]:
    """A model of labels that follow from nothing: right about what it learned, and no other."""
    dealer = np.random.default_rng(3)
    texts = [f"{text}{end}" for text in invented(120, dealer)]
    rows = [
        Sample(number, text, str(dealer.choice(["precio", "envio"])))
        for number, text in enumerate(texts)
    ]
    return retrain(rows, None, language=language), rows


def invented(texts: int, dealer: np.random.Generator) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(dealer.choice(list(letters), 8)) for _ in range(texts)]


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
    graded = as_held_out(made, rows)
    assert chosen(made, []) == UNREACHED
    assert chosen(made, graded) < UNREACHED


def test_a_graded_text_is_known_as_its_language_spells_it() -> None:
    made, rows = learned("en", " pls")
    others = [Sample(-1 - row.id, row.text.replace("pls", "please"), row.intent) for row in rows]
    assert provisional(made.trained, made.kept, others, TARGET, "en") == UNREACHED


def test_turns_that_were_held_out_and_others_may_come_mixed() -> None:
    made, rows = learned()
    held_out = as_held_out(made, rows)
    texts = invented(120, np.random.default_rng(4))
    said = made.trained.student.predict(texts)
    asked = [Sample(-1, text, each.intent) for text, each in zip(texts, said, strict=True)]
    assert len({row.intent for row in asked}) == 2
    mixed = [row for pair in zip(held_out, asked, strict=True) for row in pair]
    assert chosen(made, mixed) < UNREACHED


def test_thirty_graded_turns_are_enough() -> None:
    made, rows = learned()
    graded = as_held_out(made, rows[:FEWEST_GRADED])
    assert chosen(made, graded) < UNREACHED
    assert chosen(made, graded[1:]) == UNREACHED


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


def half_strange(made: Retrained, right: int) -> Retrained:
    """The same, were half of what it said out of scope, and so many of its answers right."""
    rows = len(made.kept)
    said = np.arange(rows, dtype=np.uint16) % 2
    truth = np.where(np.arange(rows) < right, said, 1 - said).astype(np.uint16)
    sure = np.full(rows, 0.99, dtype=np.float32)
    kept = OutOfFold((OUT_OF_SCOPE, "precio"), made.kept.ids, said, sure, truth)
    return replace(made, kept=kept)


def test_what_is_named_out_of_scope_costs_the_others_no_threshold() -> None:
    made, rows = learned()
    assert chosen(half_strange(made, len(rows)), []) < UNREACHED


def test_turns_that_are_named_out_of_scope_are_counted_as_enough() -> None:
    made, rows = learned()
    strange = half_strange(made, FEWEST_GRADED)
    graded = as_held_out(strange, rows[:FEWEST_GRADED])
    assert chosen(strange, []) == UNREACHED
    assert chosen(strange, graded) < UNREACHED


def as_held_out(made: Retrained, rows: list[Sample]) -> list[Sample]:
    """The first rows, graded as they were answered while they were held out."""
    return [Sample(row.id, row.text, kept_answer(made, at)) for at, row in enumerate(rows)]


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


def test_a_few_rows_that_are_right_leave_a_confidence_what_it_says() -> None:
    assert choose(np.full(5, 0.97), np.ones(5, dtype=bool), 0.95) <= 0.97


def test_accepted_rows_reach_the_target_together_and_not_each_by_itself() -> None:
    sure = np.array([0.99] * 200 + [0.6] * 20)
    right = np.array([True] * 210 + [False] * 10)
    assert choose(sure, right, 0.9) <= 0.6


def test_the_surest_rows_are_told_from_the_nearly_sure() -> None:
    sure = np.array([0.99] * 400 + [0.92] * 400)
    right = np.array([True] * 396 + [False] * 4 + [True] * 340 + [False] * 60)
    assert 0.92 < choose(sure, right, 0.97) <= 0.99


def test_rows_without_any_doubt_can_be_chosen_from() -> None:
    assert choose(np.ones(50), np.ones(50, dtype=bool), TARGET) < UNREACHED


def test_rows_that_no_threshold_lets_pass_have_no_say() -> None:
    sure = np.array([0.95] * 40 + [0.7] * 40)
    right = np.array([True] * 40 + [True, False] * 20)
    others = choose(np.append(sure, np.zeros(200)), np.append(right, np.ones(200, dtype=bool)), 0.9)
    assert others == choose(sure, right, 0.9) < UNREACHED
