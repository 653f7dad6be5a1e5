"""Every table, by area. Names of the first version stay Spanish; what came with it is English."""

from services.storage.tables.delivery import deliveries, outbox, reply_claims, simulated_phone
from services.storage.tables.dialogue import (
    conversations,
    messages,
    questions,
    teacher_answers,
    turns,
)
from services.storage.tables.learning import (
    certificates,
    evidence,
    log_entrenamientos,
    metricas_modelo,
    model_aliases,
    model_artifacts,
    model_chunks,
    training_samples,
)
from services.storage.tables.operation import (
    aprendiz_created,
    auditoria,
    configuracion_plataforma,
    intenciones_sistema,
    leases,
    mensajes_fallidos,
    state_versions,
)
from services.storage.tables.registry import metadata
from services.storage.tables.shop import pedidos, productos

__all__ = [
    "aprendiz_created",
    "auditoria",
    "certificates",
    "configuracion_plataforma",
    "conversations",
    "deliveries",
    "evidence",
    "intenciones_sistema",
    "leases",
    "log_entrenamientos",
    "mensajes_fallidos",
    "messages",
    "metadata",
    "metricas_modelo",
    "model_aliases",
    "model_artifacts",
    "model_chunks",
    "outbox",
    "pedidos",
    "productos",
    "questions",
    "reply_claims",
    "simulated_phone",
    "state_versions",
    "teacher_answers",
    "training_samples",
    "turns",
]
