"""What the operator's settings mean for the student."""

from services.learning.certifying.trust import Policy
from services.retrainer.steering import policy_of
from services.runtime.live import LiveSettings


def test_percentages_become_shares_and_names_sets() -> None:
    settings = LiveSettings(
        ml_precision_objetivo=98,
        ml_sorteo=20,
        ml_umbral_confianza=75,
        ml_intenciones_siempre_preguntar=("queja",),
    )
    policy = policy_of(settings, {"queja": "handoff"})
    assert (policy.target, policy.share, policy.threshold) == (0.98, 0.2, 0.75)
    assert policy.always_ask == {"queja"}
    assert not policy.has_teacher


def test_all_that_the_operator_sets_is_in_the_policy() -> None:
    set_by_hand = LiveSettings(
        ml_precision_objetivo=97.5,
        ml_delta=0.05,
        ml_umbral_confianza=85.0,
        ml_umbral_modo="fijo",
        ml_sorteo=20.0,
        ml_sorteo_inicial=150,
        ml_intenciones_inofensivas=("horario",),
        ml_intenciones_siempre_preguntar=("reclamo",),
        ml_intenciones_nunca_preguntar=("saludo",),
        openai_base_url="http://localhost",
    )
    assert policy_of(set_by_hand, {"saludo": None}) == Policy(
        target=0.975,
        delta=0.05,
        threshold=0.85,
        fixed=True,
        share=0.2,
        first=150,
        harmless=frozenset({"horario"}),
        always_ask=frozenset({"reclamo"}),
        never_ask=frozenset({"saludo"}),
        catalogue={"saludo": None},
        has_teacher=True,
    )
