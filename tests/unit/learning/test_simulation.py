"""A small shop, played through the production code."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import TrustState
from services.learning.certifying.trust import Policy
from services.learning.judging import simulation
from services.learning.judging.labelled import LabelledMessage
from services.learning.judging.simulation import Plan, Simulated, simulate
from services.learning.judging.simulation_figures import report
from services.learning.promoting.promotion import Refuse
from services.learning.promoting.retraining import Champion, Retrained, Sample, retrain
from services.learning.student import Example

BASE = [
    Example(f"{words}, soy {who}", intent)
    for intent, things in {
        "precio": ("cuanto cuesta la camisa", "cuanto cuesta la falda", "que precio tiene"),
        "envio": ("hacen envios", "hacen envios a cali", "cuanto demora el envio"),
        "pago": ("aceptan tarjeta", "aceptan tarjeta visa", "puedo pagar en efectivo"),
    }.items()
    for words in things
    for who in ("ana", "luz", "rosa", "juan", "pedro", "mario", "sara", "noemi", "ines", "hugo")
]
ASKED = (
    ("cuanto cuesta la falda", "precio"),
    ("hacen envios a cali", "envio"),
    ("aceptan tarjeta visa", "pago"),
    ("tienen wifi en el local", OUT_OF_SCOPE),
)


SYLLABLES = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi"]


def name(number: int) -> str:
    """A made-up name for each number: customers rarely write the very same."""
    rest, last = divmod(number, len(SYLLABLES))
    return SYLLABLES[rest % len(SYLLABLES)] + SYLLABLES[last] + SYLLABLES[(rest + last) % 13]


def stream(messages: int) -> list[LabelledMessage]:
    """Four questions in turn, asked by somebody else each time."""
    asked = [ASKED[number % len(ASKED)] for number in range(messages)]
    return [
        LabelledMessage(f"{words}, soy {name(number)}", intent, intent)
        for number, (words, intent) in enumerate(asked)
    ]


def play(messages: Sequence[LabelledMessage], policy: Policy, **plan: Any) -> Simulated:
    """What becomes of these messages; `plan` is the rest of the plan."""
    return simulate(BASE, messages, Plan(policy, **plan))


@pytest.fixture(scope="module")
def year() -> Simulated:
    return play(stream(400), Policy(first=100, target=0.9), retrain_every=40)


def test_at_first_every_turn_is_graded_and_none_answered_alone(year: Simulated) -> None:
    first = year.turns[:50]
    assert all(turn.drawn for turn in first)
    assert not any(turn.alone for turn in first)


def test_later_the_student_answers_most_of_what_it_knows_and_is_right(year: Simulated) -> None:
    half = report(year, 1.0).second_half
    assert half.answered_alone > 0.6
    assert half.precision is not None
    assert half.precision >= 0.95
    assert half.teacher_calls < 0.45
    assert half.cost == half.teacher_calls


def test_what_is_out_of_scope_is_learned_to_be_so(year: Simulated) -> None:
    late = [turn for turn in year.turns[200:] if turn.message.intent == OUT_OF_SCOPE]
    assert not any(turn.alone for turn in late)


def test_calls_are_those_not_answered_alone_and_those_that_watch(year: Simulated) -> None:
    whole = report(year, 1.0).whole
    watching = whole.shadow_calls + whole.blind_calls
    assert whole.teacher_calls == pytest.approx(1 - whole.answered_alone + watching)


def test_the_same_seed_plays_the_same(year: Simulated) -> None:
    again = play(stream(400), Policy(first=100, target=0.9), retrain_every=40)
    assert again.turns == year.turns


def test_windows_add_up_to_the_whole(year: Simulated) -> None:
    found = report(year, 0.24)
    assert [window.messages for window in found.windows] == [250, 150]
    alone = sum(window.answered_alone * window.messages for window in found.windows)
    assert alone == pytest.approx(found.whole.answered_alone * 400)
    assert found.figures()["trainings"]


def test_a_teacher_that_is_wrong_costs_accuracy_and_agreement_tells_it_apart() -> None:
    wrong = [
        LabelledMessage(each.text, each.intent, "pago" if number % 5 == 0 else each.teacher)
        for number, each in enumerate(stream(200))
    ]
    whole = report(play(wrong, Policy(first=200), retrain_every=1_000), 1.0).whole
    assert whole.answered_alone == 0
    assert (whole.precision, whole.agreement) == (None, None)
    assert whole.accuracy == pytest.approx(0.85, abs=0.02)
    assert whole.blind_calls > 0
    watching = whole.shadow_calls + whole.blind_calls
    assert whole.teacher_calls == pytest.approx(1 + watching), "all are asked, some once more"
    assert whole.cost == pytest.approx(whole.teacher_calls)


def test_a_fixed_threshold_acts_from_the_first_turn_on() -> None:
    policy = Policy(fixed=True, threshold=0.3, share=0.0)
    found = play(stream(40), policy, retrain_every=1_000)
    assert report(found, 1.0).whole.answered_alone > 0.5
    assert {turn.threshold for turn in found.turns} == {0.3}


def test_only_drawn_turns_are_evidence() -> None:
    """All are asked about here: were they evidence, the share drawn would fall with them."""
    policy = Policy(fixed=True, threshold=1.0, first=0, share=0.1)
    found = play(stream(400), policy, retrain_every=1_000)
    assert not any(turn.alone for turn in found.turns)
    assert sum(turn.drawn for turn in found.turns) < 100
    assert found.end.share == 0.1


def test_looks_at_the_same_evidence_share_what_may_go_wrong() -> None:
    found = play(stream(400), Policy(target=0.8, first=400), retrain_every=1_000)
    assert [look.number for _, look in found.looks] == [1, 2]
    assert [look.level for _, look in found.looks] == pytest.approx([0.1 / 2, 0.1 / 6])


def test_a_shop_whose_questions_change_is_not_answered_wrongly_for_long() -> None:
    """What was a question of the price is one of the payment from the 400th message on."""
    now = {"precio": "pago", "pago": "precio"}
    after = [
        LabelledMessage(each.text, label := now.get(each.intent, each.intent), label)
        for each in stream(800)[400:]
    ]
    policy = Policy(first=100, target=0.9)
    found = play([*stream(400), *after], policy, retrain_every=1_000)
    [(noticed, why), *_] = found.alarms
    assert 400 < noticed < 500
    assert "whatever came before" in why
    assert not any(turn.alone for turn in found.turns[noticed : noticed + 50])
    assert found.end.state == TrustState.REFUTED


def test_what_nobody_asked_the_teacher_about_is_not_learned() -> None:
    policy = Policy(fixed=True, threshold=0.5, first=0, share=0.0)
    found = play(stream(80), policy, retrain_every=5)
    asked = sum(not turn.alone for turn in found.turns)
    assert 5 <= asked < 40
    assert len(found.trainings) <= asked // 5


def test_a_refused_model_is_not_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    champions = []

    def refuse(samples: Sequence[Sample], champion: Champion | None, **rest: Any) -> Retrained:
        made = retrain(samples, champion, **rest)
        if champion is None:
            return made
        champions.append(champion.student)
        return replace(made, verdict=Refuse("Refused: a rehearsal."))

    monkeypatch.setattr(simulation, "retrain", refuse)
    found = play(stream(60), Policy(), retrain_every=10)
    assert len(found.trainings) > 2
    assert not any(training.promoted for training in found.trainings)
    assert all(student is champions[0] for student in champions)


def test_evidence_that_has_left_the_window_is_not_tested() -> None:
    found = play(stream(400), Policy(target=0.8, first=400), retrain_every=1_000, window=40)
    assert len(found.looks) > 1
    assert all(look.rows <= 40 for _, look in found.looks)
