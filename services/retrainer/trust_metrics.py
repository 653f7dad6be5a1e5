"""What monitors see of the student's trust: the newest standing, and what the evidence shows."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Gauge, Info

from contracts.events import TrustState
from services.learning.certifying.shown import Shown
from services.learning.certifying.trust import Standing, Trust

_NAMES = {
    "rows": "Graded turns in the window.",
    "accepted": "Those that the threshold in force, or a rule, accepts.",
    "answered_alone": "Share of the graded turns that the threshold in force, or a rule, accepts.",
    "agreement": "Share of those of which the teacher says the same, asked twice if it differed.",
    "agreement_bound": "What that is at least, with a certainty of 1 - ml_delta, seen once.",
    "precision": "Share of right answers, as people have checked.",
    "precision_bound": "What that is at least, with a certainty of 1 - ml_delta, seen once.",
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
        self._state = Gauge(
            "aprendiz_trust_state", "1 for the state in force.", ("state",), registry=registry
        )
        self._why = Info("aprendiz_trust", "What led to the state in force.", registry=registry)
        self._tested = Gauge(
            "aprendiz_certificate_rows",
            "Rows that the newest look or alarm saw.",
            registry=registry,
        )
        self._bound = Gauge(
            "aprendiz_certificate_bound",
            "What that look showed the share of right answers to be at least.",
            registry=registry,
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

    def tell(self, standing: Standing, given: Trust, shown: Shown, version: str | None) -> None:
        """Show what is in force, ``version`` the model, and what the evidence says of it."""
        self._why.info({"why": given.why})
        self._tested.set(standing.rows)
        self._bound.set(_number(standing.bound))
        self._model.clear()
        if version is not None:
            self._model.labels(version).set(made_at(version).timestamp())
        self._threshold.set(given.threshold)
        self._drawn.set(given.share)
        for state in TrustState:
            self._state.labels(state).set(state is given.state)
        for name, gauge in self._figures.items():
            gauge.set(_number(getattr(shown, name)))


def _number(figure: float | None) -> float:
    return float("nan") if figure is None else figure
