"""Settings, the intent catalogue, failures, and what the processes agree on."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, text

from services.storage.columns import Bytes, Id, Json, Serial, UtcDateTime, Words, bounded
from services.storage.tables.registry import table

configuracion_plataforma = table(
    "configuracion_plataforma",
    Column("clave", Id, primary_key=True),
    Column("valor", Words),
    Column("updated_at", UtcDateTime),
    Column("updated_by", Id),
    comment="Settings of the platform, ours and others', a key and its value as text",
)

intenciones_sistema = table(
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

mensajes_fallidos = table(
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

auditoria = table(
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

state_versions = table(
    "state_versions",
    Column("name", bounded(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    comment="A number that rises with each change of settings, model or catalogue; processes poll",
)

leases = table(
    "leases",
    Column("name", bounded(64), primary_key=True),
    Column("holder", Id),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime),
    comment="Work that one process at a time may do; the token rises with every new holder",
)

aprendiz_created = table(
    "aprendiz_created",
    Column("table_name", bounded(64), primary_key=True),
    Column("kind", bounded(16), primary_key=True),
    Column("name", bounded(64), primary_key=True),
    Column("revision", bounded(64), nullable=False),
    comment="The tables, columns and indexes that our migrations made: only these may they drop",
)
