"""The first tables. Frozen: what comes later is a new revision."""

from functools import partial

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    text,
)

from services.storage.columns import (
    Bytes,
    Chunk,
    Id,
    Json,
    Money,
    Serial,
    UtcDateTime,
    Words,
    bounded,
)
from services.storage.schema import ensure, remove
from services.storage.tables.registry import make_table

revision = "0001"
down_revision = None

_tables = MetaData()
_table = partial(make_table, _tables)


def upgrade() -> None:
    """Make what is missing; adopt what a first version left."""
    ensure(op.get_bind(), _tables, revision)


def downgrade() -> None:
    """Drop what `upgrade` made."""
    remove(op.get_bind(), revision)


_table(
    "configuracion_plataforma",
    Column("clave", Id, primary_key=True),
    Column("valor", Words),
    Column("updated_at", UtcDateTime),
    Column("updated_by", Id),
    comment="Settings of the platform, ours and others', a key and its value as text",
)

_table(
    "intenciones_sistema",
    Column("nombre", Id, primary_key=True),
    Column("descripcion", Words),
    Column("accion", bounded(64)),
    Column("respuesta", Words, info={"any_text": True}),
    Column("respuestas", Json, info={"any_text": True}),
    Column("activa", Boolean, nullable=False, server_default=text("1")),
    Column("critica", Boolean, nullable=False, server_default=text("0")),
    Column("created_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    comment="The intent catalogue that the shop edits: what customers want, how it is answered",
)

_table(
    "mensajes_fallidos",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("failure_key", Id, nullable=False),
    Column("event_id", Id),
    Column("event_type", Id),
    Column("source_queue", Id, nullable=False),
    Column("routing_key", Id, nullable=False),
    Column("reason", Id, nullable=False),
    Column("error", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("headers", Json, nullable=False),
    Column("state", bounded(16), nullable=False),
    Column("buried_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Index("mensajes_fallidos_failure_key", "failure_key", unique=True),
    Index("mensajes_fallidos_state", "state", "id"),
    comment="Buried messages, one row a burial: buried, retried or dropped, with their reason",
)

_table(
    "auditoria",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Id, nullable=False),
    Column("what", Id, nullable=False),
    Column("target", Id, nullable=False),
    Column("before", Words),
    Column("after", Words),
    Index("auditoria_target", "what", "target", "id"),
    comment="Who changed what, and when; secrets are masked",
)

_table(
    "state_versions",
    Column("name", bounded(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    comment="A number that rises with each change of settings, model or catalogue; processes poll",
)

_table(
    "leases",
    Column("name", bounded(64), primary_key=True),
    Column("holder", Id),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime),
    comment="Work that one process at a time may do; the token rises with every new holder",
)

_table(
    "training_samples",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("event_id", Id),
    Column("texto", Words, nullable=False, info={"any_text": True, "at_least": 4096}),
    Column("intencion", Id),
    Column("etiquetado_por", bounded(16)),
    Column("confianza", Double),
    Column("origen", bounded(16)),
    Column("conversation_id", Id),
    Column("contact_id", Id),
    Column("turn_id", Id),
    Column("created_at", UtcDateTime),
    Index("training_samples_event_id", "event_id", unique=True),
    Index("training_samples_origen", "origen", "id"),
    comment="Labelled texts; no intent means that none fits. Other programs may insert here too",
)

_table(
    "metricas_modelo",
    Column("version", Id, primary_key=True),
    Column("accuracy", Double),
    Column("macro_f1", Double),
    Column("ece", Double),
    Column("threshold", Double),
    Column("coverage", Double),
    Column("covered_precision", Double),
    Column("samples", Integer),
    Column("metrics", Json),
    Column("created_at", UtcDateTime),
    comment="Figures of every model version on rows that it was not trained on, shares in 0-1",
)

_table(
    "log_entrenamientos",
    Column("training_id", Id, primary_key=True),
    Column("requested_by", Id),
    Column("state", bounded(16)),
    Column("reason", Words),
    Column("samples", Integer),
    Column("last_sample_id", BigInteger),
    Column("version", Id),
    Column("details", Json),
    Column("created_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index("log_entrenamientos_state", "state", "created_at"),
    comment="Trainings: requested, running, promoted, refused or failed; last sample id seen",
)

_table(
    "model_artifacts",
    Column("version", Id, primary_key=True),
    Column("digest", Id, nullable=False),
    Column("manifest", Json, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    comment="Every model with its signed manifest",
)

_table(
    "model_chunks",
    Column("version", Id, primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("data", Chunk, nullable=False),
    comment="The model files in pieces, in order",
)

_table(
    "model_aliases",
    Column("alias", bounded(64), primary_key=True),
    Column("version", Id, nullable=False),
    comment="Which version is the champion, and which one was before it",
)

_table(
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

_table(
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

_table(
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

_table(
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

_table(
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

_table(
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

_table(
    "reply_claims",
    Column("turn_id", Id, primary_key=True),
    Column("kind", bounded(16), primary_key=True),
    Column("owner", Id, nullable=False),
    Column("envelope", Bytes, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    comment="Who answers a turn, and the encoded reply that a redelivery publishes again",
)

_table(
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

_table(
    "simulated_phone",
    Column("reply_id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("text", Words, nullable=False),
    Column("delivered_at", UtcDateTime, nullable=False),
    Index("simulated_phone_conversation", "conversation_id", "delivered_at"),
    comment="What the simulated phone has received: the provider's side of `simulador`",
)

_table(
    "productos",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("nombre", Id, nullable=False),
    Column("precio", Money),
    Column("moneda", bounded(8)),
    Column("disponible", Integer),
    Column("promocion", Words),
    Column("categoria", Id),
    Column("sku", Id),
    Column("activo", Boolean, nullable=False, server_default=text("1")),
    Index("productos_sku", "sku", unique=True),
    Index("productos_nombre", "nombre"),
    info={"only_read": True},
    comment="What the shop sells: `disponible` is the stock, empty when it is not counted",
)

_table(
    "pedidos",
    Column("numero", Id, primary_key=True),
    Column("contacto", Id),
    Column("estado", Id),
    Column("detalle", Words),
    Column("entrega_estimada", Words),
    Column("updated_at", UtcDateTime),
    Index("pedidos_contacto", "contacto"),
    info={"only_read": True},
    comment="Orders and where they are, by the number that the customer knows",
)
