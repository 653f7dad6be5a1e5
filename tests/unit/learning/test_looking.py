"""One step of the certificate: when it looks, and what another target changes."""

import dataclasses

from contracts.events import TrustState
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.looking import look_if_due
from services.learning.certifying.trust import Policy, Standing

RIGHT, WRONG = Evidence("precio", 0.97, "precio"), Evidence("precio", 0.97, "envio")
POLICY = Policy()


def certified() -> Standing:
    """What 130 right rows lead to."""
    found = look_if_due([RIGHT] * 130, 130, 1, Standing(), POLICY, 130)
    assert found is not None
    assert found[1].state is TrustState.CERTIFIED
    return found[1]


def test_nothing_is_looked_at_until_half_as_much_is_new() -> None:
    assert look_if_due([RIGHT] * 194, 64, 2, certified(), POLICY, 194) is None
    assert look_if_due([RIGHT] * 195, 65, 2, certified(), POLICY, 195) is not None


def test_another_target_is_looked_at_at_once() -> None:
    harder = dataclasses.replace(POLICY, target=0.9)
    found = look_if_due([RIGHT] * 130, 0, 2, certified(), harder, 130)
    assert found is not None
    look, standing = found
    assert (look.state, look.target, standing.target) == (TrustState.CERTIFIED, 0.9, 0.9)


def test_another_target_has_a_threshold_chosen_anew() -> None:
    rows = [RIGHT, RIGHT, RIGHT, RIGHT, WRONG] * 100
    standing = Standing(target=0.8, provisional=0.3, looked_at=500)
    found = look_if_due(rows, 0, 1, standing, POLICY, 500)
    assert found is not None
    assert found[1].provisional == 0.995, "no threshold reaches 95 % on these rows"


def test_a_certificate_ends_with_its_evidence_and_drift_is_seen() -> None:
    found = look_if_due([], 0, 1, certified(), POLICY, 130)
    assert found is not None
    assert found[1].state is TrustState.UNPROVEN
    assert look_if_due([], 0, 1, found[1], POLICY, 130) is None, "said once"
    drifted = look_if_due([RIGHT, WRONG] * 50, 100, 1, certified(), POLICY, 230)
    assert drifted is not None
    assert drifted[1].state is TrustState.REFUTED


def test_a_low_certified_threshold_rests_on_its_own_rows() -> None:
    """A student that is right and rarely sure: at the operator's own threshold there are few."""
    rows = [RIGHT] * 50 + [Evidence("precio", 0.6, "precio")] * 250
    found = look_if_due([RIGHT] * 130 + rows, 430, 1, Standing(), POLICY, 430)
    assert found is not None
    assert found[1].certified is not None
    assert found[1].certified <= 0.6
    for left in (rows, rows[50:]):
        assert look_if_due(left, 0, 2, found[1], POLICY, 430) is None
