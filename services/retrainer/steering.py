"""What the operator set, as the student and the retrainer need it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.learning.certifying.trust import Policy
from services.runtime.live import LiveSettings

FIXED = "fijo"


def policy_of(settings: LiveSettings, actions: Mapping[str, str | None] | None = None) -> Policy:
    """What the operator set.

    ``actions`` are what the router does on each intent of the catalogue; None: any is in it.
    """
    return Policy(
        target=settings.target,
        delta=settings.ml_delta,
        threshold=settings.threshold,
        fixed=settings.ml_umbral_modo == FIXED,
        share=settings.drawn,
        first=settings.ml_sorteo_inicial,
        harmless=frozenset(settings.ml_intenciones_inofensivas),
        always_ask=frozenset(settings.ml_intenciones_siempre_preguntar),
        never_ask=frozenset(settings.ml_intenciones_nunca_preguntar),
        catalogue=actions,
        has_teacher=settings.has_teacher,
    )


@dataclass(frozen=True)
class Steering:
    """What is in force now, read anew each time; ``settings`` gives it."""

    settings: Callable[[], LiveSettings]

    @property
    def policy_without_catalogue(self) -> Policy:
        """The policy in force now, for which any intent is in the catalogue."""
        return policy_of(self.settings())
