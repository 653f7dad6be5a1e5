"""A gateway that is not ours: aio-pika and plain JSON, as docs/gateways.md tells its authors."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from tests.e2e.waiting import until

NAME = "wa"


def message(conversation: str, text: str, provider_id: str, gateway: str = NAME) -> dict[str, Any]:
    """The six fields that a message cannot do without."""
    return {
        "conversation_id": conversation,
        "contact": {"id": f"contact of {conversation}"},
        "gateway": gateway,
        "provider_message_id": provider_id,
        "text": text,
        "sent_at": datetime.now(UTC).isoformat(),
    }


class OutsideGateway:
    """Publishes what customers write, takes replies, and tells that they were delivered."""

    def __init__(self, channel: AbstractChannel, exchange: AbstractExchange) -> None:
        """Use ``connected``."""
        self.replies: list[dict[str, Any]] = []
        self._channel = channel
        self._exchange = exchange

    async def says(
        self, conversation: str, text: str, *, again: str | None = None, gateway: str = NAME
    ) -> str:
        """A customer writes; ``again`` repeats a provider's message id. Returns that id."""
        provider_id = again or str(uuid4())
        data = message(conversation, text, provider_id, gateway)
        await self._publish("message.received", data)
        return provider_id

    async def hint(self, event_type: str, data: dict[str, Any]) -> None:
        """Tell every process to look at the database."""
        await self._publish(event_type, data)

    async def raw(self, body: bytes) -> None:
        """Publish anything at all as a message."""
        await self._exchange.publish(aio_pika.Message(body), "message.received")

    async def answers(self, conversation: str, count: int) -> list[dict[str, Any]]:
        """The data of a conversation's replies, once there are so many, in their order."""

        async def look() -> list[dict[str, Any]]:
            found = self.replies_to(conversation)
            return found if len(found) >= count else []

        return await until(look, f"{count} replies in {conversation}")

    def replies_to(self, conversation: str) -> list[dict[str, Any]]:
        """The data of the replies that a conversation has had, a repeat of the broker's once."""
        unique = {reply["id"]: reply["data"] for reply in self.replies}
        return [data for data in unique.values() if data["conversation_id"] == conversation]

    async def waiting(self, queue: str) -> int:
        """How many messages wait in a queue."""
        found = await self._channel.declare_queue(queue, passive=True)
        return found.declaration_result.message_count or 0

    async def take(self, incoming: AbstractIncomingMessage) -> None:
        """Deliver a reply to nobody, and say so."""
        reply = json.loads(incoming.body)
        self.replies.append(reply)
        whose = {key: reply["data"][key] for key in ("turn_id", "conversation_id", "gateway")}
        now = datetime.now(UTC).isoformat()
        outcome = {"provider_message_id": f"out {reply['id']}", "sent_at": now}
        await self._publish("reply.sent", {"reply_id": reply["id"], **whose, **outcome})
        await incoming.ack()

    async def _publish(self, event_type: str, data: dict[str, Any]) -> None:
        event = {"specversion": "1.0", "id": str(uuid4()), "source": f"/{NAME}", "type": event_type}
        body = json.dumps({**event, "data": data}).encode()
        sent = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await self._exchange.publish(sent, event_type)


@asynccontextmanager
async def connected(amqp_url: str) -> AsyncIterator[OutsideGateway]:
    """A gateway on the broker of a shop that runs."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=64)
        exchange = await channel.get_exchange("aprendiz.events")
        gateway = OutsideGateway(channel, exchange)
        queue = await channel.get_queue(f"aprendiz.gateway.{NAME}")
        await queue.consume(gateway.take)
        yield gateway
