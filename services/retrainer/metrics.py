"""What the retrainer counts and times."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.storage.training import ENDED, State

SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class TrainingMetrics:
    """The metrics of one process's trainings."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self._ended = Counter(
            "aprendiz_trainings",
            f"Trainings that ended here, by outcome: {', '.join(ENDED)}.",
            ("outcome",),
            registry=registry,
        )
        for outcome in ENDED:
            self._ended.labels(outcome)
        self._duration = Histogram(
            "aprendiz_training_duration_seconds",
            "Seconds that a training took.",
            buckets=SECONDS,
            registry=registry,
        )
        self.new_samples = Gauge(
            "aprendiz_new_samples",
            "Labelled samples that came after the last training.",
            registry=registry,
        )
        self.missing_samples = Gauge(
            "aprendiz_samples_until_training",
            "New samples that are missing until a training starts by itself.",
            registry=registry,
        )

    def ended(self, outcome: State, seconds: float | None = None) -> None:
        """Count a training that ended, and how long it took if it was run to its end here."""
        self._ended.labels(outcome).inc()
        if seconds is not None:
            self._duration.observe(seconds)
