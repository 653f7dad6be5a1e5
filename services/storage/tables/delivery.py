"""What must leave exactly as promised: events, claims on replies, calls to providers."""

from sqlalchemy import Column, Index

from services.storage.columns import Bytes, Id, Serial, UtcDateTime, Words, bounded
from services.storage.tables.registry import table

outbox = table(
    "outbox",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("event_id", Id, nullable=False),
    Column("routing_key", Id, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("claimed_by", Id),
    Column("claimed_until", UtcDateTime),
    Index("outbox_event_id", "event_id", unique=True),
    comment="Events written with the change that caused them, deleted once the broker has them",
)

reply_claims = table(
    "reply_claims",
    Column("turn_id", Id, primary_key=True),
    Column("kind", bounded(16), primary_key=True),
    Column("owner", Id, nullable=False),
    Column("envelope", Bytes, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    comment="Who answers a turn, and the encoded reply that a redelivery publishes again",
)

deliveries = table(
    "deliveries",
    Column("reply_id", Id, primary_key=True),
    Column("turn_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("gateway", bounded(63), nullable=False),
    Column("state", bounded(16), nullable=False),
    Column("provider_message_id", Id),
    Column("error", Words),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("deliveries_state", "state", "updated_at"),
    comment="Replies at the provider's door: sending (before the call), sent, failed or unknown",
)

simulated_phone = table(
    "simulated_phone",
    Column("reply_id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("text", Words, nullable=False),
    Column("delivered_at", UtcDateTime, nullable=False),
    Index("simulated_phone_conversation", "conversation_id", "delivered_at"),
    comment="What the simulated phone has received: the provider's side of `simulador`",
)
