"""What a consumer counts and times, as Prometheus metrics with the prefix ``aprendiz_``."""

import time

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The metrics of one process; label values are services and outcomes, never people."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Register every metric once with ``registry``."""
        self.registry = registry
        service = ("service",)
        self.received = Counter(
            "aprendiz_messages_received",
            "Messages taken from the queue.",
            service,
            registry=registry,
        )
        self.processed = Counter(
            "aprendiz_messages_processed",
            "Messages settled, by outcome: done, retried, buried, returned.",
            ("service", "outcome"),
            registry=registry,
        )
        self.published = Counter(
            "aprendiz_events_published",
            "Events published and confirmed: caused by messages, or by the outbox.",
            service,
            registry=registry,
        )
        self.duration = Histogram(
            "aprendiz_batch_duration_seconds",
            "Seconds from taking a batch to settling it.",
            service,
            buckets=SECONDS,
            registry=registry,
        )
        self.in_process = Gauge(
            "aprendiz_messages_in_process",
            "Messages in hand, not settled yet.",
            service,
            registry=registry,
        )
        self.last_message = Gauge(
            "aprendiz_last_message_timestamp_seconds",
            "When the queue last had a message, in Unix time.",
            service,
            registry=registry,
        )
        self.answer_wait = Histogram(
            "aprendiz_answer_wait_seconds",
            "Seconds from the customer's message to the provider taking the answer.",
            ("author",),
            buckets=(*SECONDS, 120, 300),
            registry=registry,
        )
        self.repeats = Counter(
            "aprendiz_repeats_dropped",
            "Repeats that changed nothing: messages, replies that another had claimed.",
            ("service", "what"),
            registry=registry,
        )
        self.away = Gauge(
            "aprendiz_dependency_away",
            "1 while the service waits for its broker or database.",
            service,
            registry=registry,
        )


class ConsumerMetrics:
    """One consumer's own children of the metrics, looked up once."""

    def __init__(self, metrics: Metrics, service: str) -> None:
        """Bind every metric to ``service``, so that all its series exist from the start."""
        self.received = metrics.received.labels(service)
        self.published = metrics.published.labels(service)
        self.duration = metrics.duration.labels(service)
        self.in_process = metrics.in_process.labels(service)
        self.last_message = metrics.last_message.labels(service)
        self.away = metrics.away.labels(service)
        self.done = metrics.processed.labels(service, "done")
        self.retried = metrics.processed.labels(service, "retried")
        self.buried = metrics.processed.labels(service, "buried")
        self.returned = metrics.processed.labels(service, "returned")

    def took(self, count: int) -> float:
        """Note a batch that was taken; returns the clock's reading for ``settled``."""
        self.received.inc(count)
        self.in_process.inc(count)
        self.last_message.set_to_current_time()
        return time.perf_counter()

    def settled(self, count: int, taken_at: float) -> None:
        """Note that a batch left the process."""
        self.in_process.dec(count)
        self.duration.observe(time.perf_counter() - taken_at)
