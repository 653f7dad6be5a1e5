"""What a gateway counts: replies by outcome, repeats, and how long customers waited."""

from datetime import timedelta

from prometheus_client import Counter

from contracts.events import Author
from services.runtime.metrics import Metrics


class GatewayMetrics:
    """The gateway's metrics in a process."""

    def __init__(self, metrics: Metrics) -> None:
        """Register the gateway's own, and bind those that all services share."""
        self._wait = metrics.answer_wait
        self._repeats = metrics.repeats.labels("gateway", "delivered")
        self._replies = Counter(
            "aprendiz_replies",
            "Replies at the provider's door by outcome: sent, failed, unknown.",
            ("outcome",),
            registry=metrics.registry,
        )
        for outcome in ("sent", "failed", "unknown"):
            self._replies.labels(outcome)

    def repeated(self) -> None:
        """A reply came again whose outcome was known."""
        self._repeats.inc()

    def delivered(self, outcome: str) -> None:
        """A reply's outcome became known, or will never be."""
        self._replies.labels(outcome).inc()

    def waited(self, author: Author, wait: timedelta) -> None:
        """An answer was sent so long after the customer's message."""
        self._wait.labels(author.value).observe(max(wait.total_seconds(), 0.0))
