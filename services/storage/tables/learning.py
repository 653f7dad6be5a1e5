"""What the student learns from, what became of it, and the models themselves."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, text

from services.storage.columns import Chunk, Id, Json, Serial, UtcDateTime, Words, bounded
from services.storage.tables.registry import table

training_samples = table(
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
    Column("estado", bounded(16)),
    Column("motivo", bounded(32)),
    Column("dicho", Id),
    Column("seguridad", Double),
    Column("propuesta", Id),
    Index("training_samples_event_id", "event_id", unique=True),
    Index("training_samples_origen", "origen", "id"),
    Index("training_samples_turn", "turn_id"),
    Index("training_samples_estado", "estado", "id"),
    comment="Labelled texts; no intent means that none fits. Other programs may insert here too",
)

evidence = table(
    "evidence",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("turn_id", Id, nullable=False),
    Column("text", Words),
    Column("contact_id", Id),
    Column("origin", bounded(16)),
    Column("said", Id),
    Column("confidence", Double),
    Column("model_version", Id),
    Column("drawn", Boolean, nullable=False, server_default=text("0")),
    Column("teacher", Id),
    Column("second", Id),
    Column("person", Id),
    Column("audit", bounded(16)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("evidence_turn", "turn_id", unique=True),
    Index("evidence_drawn", "drawn", "origin", "id"),
    Index("evidence_audit", "audit", "id"),
    comment="Graded turns: what the student said live, beside the labels given to it since",
)

certificates = table(
    "certificates",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("cause", bounded(16), nullable=False),
    Column("model_version", Id),
    Column("state", bounded(16), nullable=False),
    Column("threshold", Double, nullable=False),
    Column("certified", Double),
    Column("provisional", Double),
    Column("floor", Double),
    Column("was_certified", Boolean, nullable=False, server_default=text("0")),
    Column("number", Integer),
    Column("level", Double),
    Column("seen_up_to", BigInteger),
    Column("looked_at", Integer, nullable=False, server_default=text("0")),
    Column("accepted_rows", Integer, nullable=False, server_default=text("0")),
    Column("right_rows", Integer, nullable=False, server_default=text("0")),
    Column("bound", Double),
    Column("basis", bounded(16)),
    Column("kept_out", Json),
    Column("chosen_for", Double),
    Column("target", Double, nullable=False),
    Column("why", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("certificates_cause", "cause", "id"),
    comment="What looks at the evidence and promotions led to, the newest is in force",
)

metricas_modelo = table(
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

log_entrenamientos = table(
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

model_artifacts = table(
    "model_artifacts",
    Column("version", Id, primary_key=True),
    Column("digest", Id, nullable=False),
    Column("manifest", Json, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    comment="Every model with its signed manifest",
)

model_chunks = table(
    "model_chunks",
    Column("version", Id, primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("data", Chunk, nullable=False),
    comment="The model files in pieces, in order",
)

model_aliases = table(
    "model_aliases",
    Column("alias", bounded(64), primary_key=True),
    Column("version", Id, nullable=False),
    comment="Which version is the champion, and which one was before it",
)
