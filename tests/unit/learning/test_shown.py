import pytest

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.certifying.bounds import lower_bound
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.graded import as_evidence
from services.learning.certifying.shown import show
from services.learning.certifying.trust import Policy


def turns(agreements: int, disagreements: int, *, checked: int = 0) -> list[Evidence]:
    """Sure turns; people have confirmed the first ones that agree."""
    return [
        Evidence("precio", 0.9, "precio", person="precio" if place < checked else None)
        for place in range(agreements)
    ] + [Evidence("precio", 0.9, "envio")] * disagreements


def test_no_evidence_shows_nothing() -> None:
    shown = show([], 0.8, 0.1)
    assert (shown.rows, shown.answered_alone, shown.agreement, shown.ece) == (0, None, None, None)
    assert (shown.agreement_bound, shown.precision_bound) == (None, None)


def test_shares_are_of_what_the_threshold_accepts() -> None:
    unsure = [Evidence("precio", 0.5, "precio")] * 10
    shown = show(turns(18, 2) + unsure, 0.8, 0.1)
    assert (shown.rows, shown.accepted) == (30, 20)
    assert shown.answered_alone == pytest.approx(2 / 3)
    assert shown.agreement == 0.9
    assert shown.agreement_bound == lower_bound(18, 20, 0.1)


def test_what_a_rule_answers_alone_counts_as_that_and_what_it_holds_back_does_not() -> None:
    rules = Policy(never_ask=frozenset({"pago"}), always_ask=frozenset({"queja"}))
    stored = [("precio", 0.9), ("precio", 0.5), ("pago", 0.2), ("queja", 0.99), (OUT_OF_SCOPE, 1.0)]
    rows = [as_evidence(Evidence(said, confidence, said), rules) for said, confidence in stored]
    assert [row.is_alone(0.8) for row in rows] == [True, False, True, False, False]
    assert [row.tested_confidence for row in rows] == [0.9, 0.5, -1, -1, -1]
    assert show(rows, 0.8, 0.1).answered_alone == 0.4


def test_agreement_with_the_teacher_is_not_called_precision_until_people_have_checked() -> None:
    assert show(turns(50, 0), 0.8, 0.1).precision_bound is None
    shown = show(turns(50, 0, checked=20), 0.8, 0.1)
    assert shown.checked == 20
    assert shown.precision_bound == pytest.approx(
        lower_bound(50, 50, 0.05) * lower_bound(20, 20, 0.05)
    )


def test_what_a_person_says_does_not_change_the_agreement() -> None:
    rows = [Evidence("precio", 0.9, "precio", person="envio")] * 4
    shown = show(rows, 0.8, 0.1)
    assert (shown.agreement, shown.checked) == (1.0, 4)
    assert shown.precision_bound == 0.0


def test_calibration_is_of_all_rows() -> None:
    assert show(turns(9, 1), 0.8, 0.1).ece == pytest.approx(0.0)
    assert show(turns(5, 5), 0.8, 0.1).ece == pytest.approx(0.4)


def test_precision_is_what_agrees_times_what_people_confirm_of_it() -> None:
    checked = [
        Evidence("precio", 0.9, "precio", person="precio" if n % 4 else "envio") for n in range(20)
    ]
    shown = show([*turns(60, 20), *checked], 0.8, 0.1)
    assert shown.precision == pytest.approx(80 / 100 * 15 / 20)
    assert show(turns(50, 0), 0.8, 0.1).precision is None
