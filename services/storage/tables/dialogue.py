"""Conversations, their messages, the turns that gather them, and who thinks about them."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, text

from services.storage.columns import Id, Json, UtcDateTime, Words, bounded
from services.storage.tables.registry import table

conversations = table(
    "conversations",
    Column("id", Id, primary_key=True),
    Column("gateway", bounded(63), nullable=False),
    Column("chat", bounded(16), nullable=False),
    Column("contact_id", Id),
    Column("contact_phone", bounded(32)),
    Column("contact_name", Words),
    Column("muted_until", UtcDateTime),
    Column("opted_out", Boolean, nullable=False, server_default=text("0")),
    Column("asked_intent", Id),
    Column("asked_text", Words),
    Column("open_turn_id", Id),
    Column("last_inbound_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("conversations_updated_at", "updated_at"),
    Index("conversations_contact_id", "contact_id"),
    comment="A contact on a gateway: whether the bot may speak, what it asked last, its open turn",
)

messages = table(
    "messages",
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("turn_id", Id),
    Column("gateway", bounded(63), nullable=False),
    Column("provider_message_id", Id),
    Column("direction", bounded(8), nullable=False),
    Column("author", bounded(16)),
    Column("kind", bounded(16), nullable=False),
    Column("chat", bounded(16), nullable=False),
    Column("text", Words),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("silent_reason", bounded(32)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("messages_provider", "gateway", "provider_message_id", unique=True),
    Index("messages_conversation", "conversation_id", "created_at"),
    Index("messages_turn", "turn_id"),
    comment="The history, in and out; an outgoing one has no provider id until it is sent",
)

turns = table(
    "turns",
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("state", bounded(16), nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("release_at", UtcDateTime),
    Column("deadline_at", UtcDateTime),
    Column("opened_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("closed_by", bounded(32)),
    Column("intent", Id),
    Column("confidence", Double),
    Column("reason", bounded(32)),
    Column("model_version", Id),
    Column("created_at", UtcDateTime, nullable=False),
    Index("turns_conversation", "conversation_id", "ordinal", unique=True),
    Index("turns_release", "state", "release_at"),
    Index("turns_deadline", "state", "deadline_at"),
    comment="A burst that wants one answer: gathering, open, answered, held, expired or silent",
)

teacher_answers = table(
    "teacher_answers",
    Column("turn_id", Id, primary_key=True),
    Column("answer", Json, nullable=False),
    Column("model", Id),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cost_usd", Double),
    Column("created_at", UtcDateTime, nullable=False),
    comment="What the teacher answered, so that a redelivered turn never pays twice",
)

questions = table(
    "questions",
    Column("turn_id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("gateway", bounded(63), nullable=False),
    Column("text", Words),
    Column("turn", Json, nullable=False),
    Column("reason", bounded(32), nullable=False),
    Column("state", bounded(16), nullable=False),
    Column("answered_by", Id),
    Column("answer", Words),
    Column("intent", Id),
    Column("created_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Index("questions_state", "state", "created_at"),
    comment="Turns that wait for a person: waiting or answered",
)
