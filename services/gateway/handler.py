"""Delivers replies: noted before the provider is called, settled after, reported as events."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from contracts.envelope import Envelope
from contracts.events import Event, ReplyFailed, ReplyKind, ReplyRequested, ReplySent
from services.gateway.metrics import GatewayMetrics
from services.gateway.next_step import Step, next_step
from services.gateway.phone import Phone, Reply, Undelivered
from services.runtime.batch import Result
from services.runtime.clock import utc_now
from services.storage import deliveries
from services.storage.deliveries import FAILED, SENT, UNKNOWN, Delivery, NewDelivery, Noted
from services.storage.engine import Database

log = structlog.get_logger(__name__)

_OPEN = "The process ended while the provider was called: the reply may have arrived"

Replies = Sequence[Envelope[ReplyRequested]]


class Deliverer:
    """Takes replies to one provider, in the order in which they came."""

    def __init__(self, database: Database, phone: Phone, metrics: GatewayMetrics) -> None:
        """Keep the parts."""
        self._database = database
        self._phone = phone
        self._metrics = metrics

    async def handle(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        """Deliver a batch. What it raises leaves notes behind, by which the repeat goes on."""
        noted = await self._open(batch)
        settled: dict[str, Delivery] = {}
        try:
            for envelope in batch:
                if envelope.id not in settled:
                    done = await self._take(envelope, noted[envelope.id])
                    if done is not None:
                        settled[envelope.id] = done
        finally:
            await self._settle(list(settled.values()))
        self._observe(batch, settled)
        return [
            [_told(settled.get(envelope.id) or noted[envelope.id].delivery)] for envelope in batch
        ]

    async def _open(self, batch: Replies) -> dict[str, Noted]:
        rows = [_new(envelope) for envelope in batch]
        async with self._database.begin() as connection:
            return await deliveries.open_all(connection, rows, utc_now())

    async def _take(self, envelope: Envelope[ReplyRequested], noted: Noted) -> Delivery | None:
        """Bring a reply to its end; None when that was done before."""
        match next_step(noted, can_be_asked=self._phone.can_be_asked):
            case Step.REPEAT:
                self._metrics.repeated()
                return None
            case Step.GIVE_UP:
                return self._ended(noted, UNKNOWN, error=_OPEN)
            case Step.ASK:
                provider_id = await self._phone.find(envelope.id)
                if provider_id is not None:
                    return self._ended(noted, SENT, provider_id)
        return await self._deliver(Reply.of(envelope), noted)

    async def _deliver(self, reply: Reply, noted: Noted) -> Delivery:
        try:
            return self._ended(noted, SENT, await self._phone.deliver(reply))
        except Undelivered as error:
            return self._ended(noted, FAILED, error=str(error))

    def _ended(
        self, noted: Noted, state: str, provider_id: str | None = None, error: str | None = None
    ) -> Delivery:
        return noted.delivery._replace(
            state=state, provider_message_id=provider_id, error=error, at=utc_now()
        )

    async def _settle(self, settled: Sequence[Delivery]) -> None:
        if settled:
            async with self._database.begin() as connection:
                await deliveries.settle(connection, settled)

    def _observe(self, batch: Replies, settled: Mapping[str, Delivery]) -> None:
        asked = {envelope.id: envelope.data for envelope in batch}
        for each in settled.values():
            self._metrics.delivered(each.state)
            if each.state == UNKNOWN:
                log.error("nobody knows whether a reply arrived", reply_id=each.reply_id)
            reply = asked[each.reply_id]
            if each.state == SENT and reply.kind is ReplyKind.ANSWER:
                self._metrics.waited(reply.author, each.at - reply.received_at)


def _new(envelope: Envelope[ReplyRequested]) -> NewDelivery:
    reply = envelope.data
    return NewDelivery(envelope.id, reply.turn_id, reply.conversation_id, reply.gateway)


def _told(delivery: Delivery) -> Event:
    """The event that tells an outcome; telling it again gives the same event."""
    whose = delivery._asdict()
    names = {name: whose[name] for name in NewDelivery._fields}
    if delivery.state == SENT:
        provider_id = delivery.provider_message_id or ""
        return ReplySent(**names, provider_message_id=provider_id, sent_at=delivery.at)
    unknown = delivery.state == UNKNOWN
    return ReplyFailed(**names, outcome_unknown=unknown, error=delivery.error or "")
