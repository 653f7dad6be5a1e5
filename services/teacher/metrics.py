"""What the teacher counts: calls by outcome, their seconds, the tokens that they cost."""

from prometheus_client import Counter, Histogram

from services.runtime.metrics import SECONDS, Metrics
from services.teacher.outcome import Kind

ANSWERED = "answered"


class TeacherMetrics:
    """The teacher's metrics in a process."""

    def __init__(self, metrics: Metrics) -> None:
        """Register them."""
        self.paid_before = metrics.repeats.labels("teacher", "paid")
        self.claimed = metrics.repeats.labels("teacher", "claimed")
        self._calls = Counter(
            "aprendiz_teacher_calls",
            "Questions to the teacher by outcome: answered, or why not.",
            ("outcome",),
            registry=metrics.registry,
        )
        self.seconds = Histogram(
            "aprendiz_teacher_seconds",
            "Seconds that the teacher took, failures included.",
            buckets=SECONDS,
            registry=metrics.registry,
        )
        self._tokens = Counter(
            "aprendiz_teacher_tokens",
            "Tokens that the teacher's server has counted, by direction: input, output.",
            ("direction",),
            registry=metrics.registry,
        )
        for outcome in (ANSWERED, *Kind):
            self._calls.labels(outcome)

    def called(self, outcome: str) -> None:
        """A question was asked, or could not be."""
        self._calls.labels(outcome).inc()

    def spent(self, input_tokens: int | None, output_tokens: int | None) -> None:
        """The server counted tokens."""
        self._tokens.labels("input").inc(input_tokens or 0)
        self._tokens.labels("output").inc(output_tokens or 0)
