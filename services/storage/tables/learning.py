"""What the student learns from, what became of it, and the models themselves."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer

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
    Index("training_samples_event_id", "event_id", unique=True),
    Index("training_samples_origen", "origen", "id"),
    comment="Labelled texts; no intent means that none fits. Other programs may insert here too",
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
