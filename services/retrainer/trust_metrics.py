"""What monitors see of the student's trust: the newest standing, and what the evidence shows."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Gauge

from contracts.events import TrustState
from services.learning.certifying.shown import Shown
from services.learning.certifying.trust import Trust

_NAMES = {
    "answered_alone": "Share of the graded turns that the threshold in force, or a rule, accepts.",
    "agreement": "Share of those of which the teacher says the same, asked twice if it differed.",
    "agreement_bound": "What the agreement with the teacher is at least.",
    "precision_bound": "What the share of right answers is at least, as people have checked.",
    "ece": "Expected calibration error over the graded turns.",
}


def made_at(version: str) -> datetime:
    """When a model was made: its version begins with it, in UTC."""
    return datetime.strptime(version.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


class TrustMetrics:
    """Gauges, set at each look; a figure that is not there yet is NaN."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self._threshold = Gauge(
            "aprendiz_threshold", "Confidence from which the student acts.", registry=registry
        )
        self._drawn = Gauge(
            "aprendiz_drawn_share", "Share of the turns that is graded.", registry=registry
        )
        self._rows = Gauge(
            "aprendiz_evidence_rows", "Graded turns in the window.", registry=registry
        )
        self._state = Gauge(
            "aprendiz_trust_state", "1 for the state in force.", ("state",), registry=registry
        )
        self._model = Gauge(
            "aprendiz_model_created_timestamp_seconds",
            "When the model in force was made.",
            ("version",),
            registry=registry,
        )
        self._figures = {
            name: Gauge(f"aprendiz_evidence_{name}", help_text, registry=registry)
            for name, help_text in _NAMES.items()
        }

    def tell(self, given: Trust, shown: Shown, version: str | None) -> None:
        """Show what is in force, ``version`` the model, and what the evidence says of it."""
        self._model.clear()
        if version is not None:
            self._model.labels(version).set(made_at(version).timestamp())
        self._threshold.set(given.threshold)
        self._drawn.set(given.share)
        self._rows.set(shown.rows)
        for state in TrustState:
            self._state.labels(state).set(state is given.state)
        for name, gauge in self._figures.items():
            value = getattr(shown, name)
            gauge.set(float("nan") if value is None else value)
