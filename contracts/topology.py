"""The topology as data: who takes which events, in which queues, and how many at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from contracts.events import (
    CertificateIssued,
    HandoffRequested,
    HumanReplied,
    IntentClassified,
    MessageReceived,
    ModelPromoted,
    ReplyFailed,
    ReplyRequested,
    ReplySent,
    SampleRecorded,
    SettingsChanged,
    TrainingRequested,
    TurnReady,
)

EXCHANGE = "aprendiz.events"
BURIED = "aprendiz.buried"
BROADCASTS = (ModelPromoted.TYPE, CertificateIssued.TYPE, SettingsChanged.TYPE)
"""Hints that every process takes through a queue of its own; never mandatory."""

DELIVERY_LIMIT = 1_000
"""Deliveries after which the broker itself dead-letters to ``aprendiz.buried``."""
BURIED_DELIVERY_LIMIT = 1_000_000
"""The last stop has nowhere to dead-letter to, so its limit must never be reached."""
SUSPECT_DELIVERIES = 3
"""From this count on a message is taken alone: it may be what kills its consumers."""
MAX_DELIVERIES = 10
"""From this count on a message is buried unhandled."""

Arguments = Mapping[str, str | int]


class Service(NamedTuple):
    """A service, the routing keys it takes and its appetite."""

    name: str
    keys: tuple[str, ...]
    batch: int
    """Messages in one batch, at most."""
    in_flight: int
    """Batches handled at the same time."""
    port: int
    """Default port of its health and metrics endpoints."""


CONFIDENT = f"{IntentClassified.TYPE}.confident"
UNSURE = f"{IntentClassified.TYPE}.unsure"
SHADOW = f"{IntentClassified.TYPE}.shadow"
REPLIES = f"{ReplyRequested.TYPE}.*"

SERVICES = (
    Service(
        "conversations",
        keys=(
            MessageReceived.TYPE,
            HumanReplied.TYPE,
            CONFIDENT,
            UNSURE,
            REPLIES,
            ReplySent.TYPE,
            ReplyFailed.TYPE,
            HandoffRequested.TYPE,
        ),
        batch=64,
        in_flight=1,
        port=9101,
    ),
    Service("classifier", keys=(TurnReady.TYPE,), batch=64, in_flight=2, port=9102),
    Service("router", keys=(CONFIDENT,), batch=64, in_flight=2, port=9103),
    Service("teacher", keys=(UNSURE, SHADOW), batch=1, in_flight=16, port=9104),
    Service(
        "retrainer",
        keys=(SampleRecorded.TYPE, TrainingRequested.TYPE),
        batch=64,
        in_flight=1,
        port=9105,
    ),
    Service("gateway", keys=(), batch=16, in_flight=1, port=9106),
    Service("failures", keys=(), batch=64, in_flight=1, port=9107),
    Service("panel", keys=(), batch=1, in_flight=1, port=9108),
)
"""Every service. A gateway has a queue of its own, failures takes the buried, the panel nothing."""


class RetryStep(NamedTuple):
    """A rung of the ladder: an exchange and a queue of this name that hold a message so long."""

    name: str
    delay: timedelta


LADDER = (
    RetryStep("aprendiz.retry.5s", timedelta(seconds=5)),
    RetryStep("aprendiz.retry.30s", timedelta(seconds=30)),
    RetryStep("aprendiz.retry.300s", timedelta(seconds=300)),
)


class Exchange(NamedTuple):
    """A durable exchange."""

    name: str
    kind: str


class Queue(NamedTuple):
    """A durable quorum queue and its arguments."""

    name: str
    arguments: Arguments


class Binding(NamedTuple):
    """A queue that takes what an exchange gets under a key."""

    exchange: str
    queue: str
    key: str


@dataclass(frozen=True)
class Topology:
    """All that must exist on a broker before anyone publishes."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...] = field(default=())


def queue_of(service: str) -> str:
    """The queue that a service owns."""
    return f"aprendiz.{service}"


def source_of(service: str) -> str:
    """What a service's events name as their source."""
    return f"/aprendiz/{service}"


def gateway_queue(gateway: str) -> str:
    """The queue from which a gateway takes its replies."""
    return f"aprendiz.gateway.{gateway}"


def service(name: str) -> Service:
    """The row of a service.

    Raises:
        KeyError: no service has that name.
    """
    return _BY_NAME[name]


_BY_NAME = {row.name: row for row in SERVICES}


def build(gateways: Iterable[str]) -> Topology:
    """The whole topology of a shop with these gateways."""
    bound = [(queue_of(row.name), row.keys) for row in SERVICES if row.keys]
    bound += [(gateway_queue(name), (f"{ReplyRequested.TYPE}.{name}",)) for name in gateways]
    return Topology(
        exchanges=(
            Exchange(EXCHANGE, "topic"),
            *(Exchange(step.name, "fanout") for step in LADDER),
        ),
        queues=(
            *(consumer_queue(queue) for queue, _ in bound),
            *(_retry_queue(step) for step in LADDER),
            Queue(BURIED, {**_QUORUM, "x-delivery-limit": BURIED_DELIVERY_LIMIT}),
        ),
        bindings=(
            *(Binding(EXCHANGE, queue, key) for queue, keys in bound for key in keys),
            *(Binding(step.name, step.name, "") for step in LADDER),
        ),
    )


def consumer_queue(name: str) -> Queue:
    """A consumer's queue: what the broker gives up on goes to the buried, never away."""
    return Queue(
        name,
        {
            **_QUORUM,
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": BURIED,
            "x-dead-letter-strategy": "at-least-once",
        },
    )


def _retry_queue(step: RetryStep) -> Queue:
    return Queue(
        step.name,
        {
            **_QUORUM,
            "x-message-ttl": int(step.delay.total_seconds() * 1000),
            # The copy's routing key is its source queue: the default exchange takes it home.
            "x-dead-letter-exchange": "",
            "x-dead-letter-strategy": "at-least-once",
        },
    )


# At-least-once dead-lettering needs reject-publish; without it the broker silently downgrades.
_QUORUM: Arguments = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}
