"""What the conversations count, as Prometheus metrics."""

from prometheus_client import Counter

from services.conversations.picture import Picture
from services.runtime.metrics import Metrics


class Counts:
    """Counters of turns and silent messages; no label names a person."""

    def __init__(self, metrics: Metrics) -> None:
        """Register them beside the frame's metrics."""
        registry = metrics.registry
        self._released = Counter(
            "aprendiz_turns_released", "Turns handed to the classifier.", registry=registry
        )
        closed = Counter(
            "aprendiz_turns_closed",
            "Turns ended, by outcome: answered, held, expired, human, silent.",
            ("outcome",),
            registry=registry,
        )
        silent = Counter(
            "aprendiz_messages_silent",
            "Messages recorded and not answered, by reason.",
            ("reason",),
            registry=registry,
        )
        self._labelled = {
            "closed": closed.labels,
            "silent": silent.labels,
            "repeat": lambda what: metrics.repeats.labels("conversations", what),
        }

    def add(self, picture: Picture) -> None:
        """Count what a committed picture changed."""
        self._released.inc(len(picture.released()))
        for (what, label), count in picture.tally.items():
            self._labelled[what](label).inc(count)
