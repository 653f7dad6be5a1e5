"""What the retrainer counts and times."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class TrainingMetrics:
    """The metrics of one process's trainings."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self._ended = Counter(
            "aprendiz_trainings",
            "Trainings that ended here, by outcome: promoted, refused, failed, cancelled.",
            ("outcome",),
            registry=registry,
        )
        for outcome in ("promoted", "refused", "failed", "cancelled"):
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

    def ended(self, outcome: str, seconds: float) -> None:
        """Count a training that ended."""
        self._ended.labels(outcome).inc()
        if seconds:
            self._duration.observe(seconds)
