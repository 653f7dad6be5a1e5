"""Settings that take effect while processes run: the database's, under the environment's."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import structlog
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from contracts.catalogue import HARMLESS
from contracts.fields import Text
from services.runtime.settings import PREFIX

log = structlog.get_logger(__name__)

Seconds = Annotated[float, Field(ge=0, le=86_400)]
Minutes = Annotated[float, Field(ge=0, le=525_600)]
"""At most a year."""
Percent = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=1)]


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Intents, separated by commas."""


class LiveSettings(BaseModel):
    """Named as in ``configuracion_plataforma``; ``APRENDIZ_<NAME>`` wins over the database."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, allow_inf_nan=False
    )

    ml_engine_port: Annotated[int, Field(ge=0, le=65535)] = 5000
    ml_umbral_confianza: Percent = 80.0
    """Confidence in percent from which the router acts alone."""
    ml_umbral_modo: Literal["certificado", "fijo"] = "certificado"
    """Who sets the threshold: the certificate, or always the operator."""
    ml_precision_objetivo: Annotated[float, Field(ge=50, le=99.99)] = 95.0
    """Percent of what is answered alone that must be right."""
    ml_delta: Annotated[float, Field(ge=0.0001, le=0.5)] = 0.1
    """The chance that a certificate may be false."""
    ml_sorteo: Percent = 10.0
    """Percent of the turns that are drawn and graded; it falls as evidence grows, to 2 at least."""
    ml_sorteo_inicial: Annotated[int, Field(ge=0)] = 300
    """So many turns are all drawn, until there is a certificate."""
    ml_intenciones_inofensivas: Names = HARMLESS
    """Intents that may be answered alone while everything is still drawn."""
    ml_intenciones_siempre_preguntar: Names = ()
    """Intents that always go to the teacher."""
    ml_intenciones_nunca_preguntar: Names = ()
    """Intents that are always answered alone, whatever the confidence."""
    ml_evidencia_dias: Annotated[int, Field(ge=1, le=3_650)] = 90
    ml_evidencia_filas: Annotated[int, Field(ge=100, le=50_000)] = 2_000
    """Evidence that is older, or beyond so many rows, no longer counts."""
    ml_muestras_contacto_dia: Count = 20
    """Samples of one contact in a day that may be learned from."""
    ml_auditoria: Percent = 5.0
    """Percent of the agreements of student and teacher that a person is asked to check."""
    ml_idioma: Literal["es", "en"] = "es"
    """The customers' language."""
    ml_auto_retrain_examples: Count = 50
    """New samples that start a training."""
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_modelo: str = "gpt-4o-mini"
    openai_segundos: Seconds = 20.0
    """One overall deadline for a teacher's answer."""
    turno_ventana_segundos: Seconds = 1.5
    """Quiet time after which a burst of messages becomes a turn; 0 for the simulated phone."""
    turno_plazo_segundos: Seconds = 60.0
    """How long an open turn may hold back the next one."""
    mensaje_edad_maxima_minutos: Annotated[Minutes, Field(gt=0)] = 15.0
    """Older messages are recorded and not answered."""
    respuestas_maximas_5min: Count = 20
    """Replies to one contact in five minutes: two bots could talk to each other for ever."""
    pausa_humana_minutos: Minutes = 30.0
    """How long the bot is silent after a person of the shop wrote or was asked for."""
    respuesta_espera: Annotated[Text, Field(min_length=1, max_length=1_000)] = (
        "¡Gracias por escribirnos! Un asesor te responderá en unos minutos."
    )
    """What a customer is told once when nobody but a person can answer."""
    retencion_dias: Annotated[int, Field(ge=7, le=3_650)] = 180
    """Days after which settled rows (claims, deliveries, failures, paid answers) are forgotten."""
    negocio_nombre: str = "nuestra tienda"
    negocio_horario: str = ""
    negocio_direccion: str = ""
    negocio_moneda: str = "$"

    @property
    def threshold(self) -> float:
        """The operator's threshold as a share. Percentages become shares here, and nowhere else."""
        return self.ml_umbral_confianza / 100

    @property
    def target(self) -> float:
        """The wanted precision as a share."""
        return self.ml_precision_objetivo / 100

    @property
    def evidence_window(self) -> tuple[int, int]:
        """How many days, and how many rows, the evidence reaches back."""
        return self.ml_evidencia_dias, self.ml_evidencia_filas

    @property
    def drawn(self) -> float:
        """The share of the turns that is graded."""
        return self.ml_sorteo / 100

    @property
    def audited(self) -> float:
        """The share of the agreements that a person checks."""
        return self.ml_auditoria / 100

    @property
    def has_teacher(self) -> bool:
        """Whether there is a key, or a server of our own that may want none."""
        return self.openai_api_key is not None or self.openai_base_url is not None

    def until_training(self, new: int) -> int:
        """How many samples are missing until a training starts by itself, where so many are new."""
        return max(0, self.ml_auto_retrain_examples - new)


_SECRET = frozenset({"openai_api_key", "openai_base_url"})
"""What is never shown: the second may hold a password."""


class Resolved(NamedTuple):
    """Settings in force, and what was wrong and left out."""

    settings: LiveSettings
    problems: tuple[str, ...]


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The live settings that the environment sets, by name."""
    return {
        name: environ[variable]
        for name in LiveSettings.model_fields
        if environ.get(variable := f"{PREFIX}{name.upper()}")
    }


def resolve(stored: Mapping[str, str | None], environ: Mapping[str, str]) -> Resolved:
    """Default under database under environment. A wrong value is named and left out."""
    from_env = from_environment(environ)
    from_database = {
        name: value
        for name, value in stored.items()
        if name in LiveSettings.model_fields and value not in (None, "")
    }
    values: dict[str, Any] = {**from_database, **from_env}
    problems: list[str] = []
    try:
        settings = LiveSettings.model_validate(values)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = str(each["loc"][0])
            values.pop(name, None)
            shown = f"{PREFIX}{name.upper()}" if name in from_env else name
            got = "" if name in _SECRET else f", got {each['input']!r}"
            problems.append(f"{shown}: {each['msg']}{got}")
        settings = LiveSettings.model_validate(values)
    return Resolved(settings, tuple(problems))


class Live:
    """The live settings in force now. Take one ``settings`` at a batch's start and keep it."""

    def __init__(self, settings: LiveSettings | None = None) -> None:
        """Begin with the defaults until others were taken."""
        self.settings = settings or LiveSettings()

    def take(self, resolved: Resolved) -> None:
        """Put others in force, and log what was wrong."""
        for problem in resolved.problems:
            log.error("a setting is wrong and left at its default", problem=problem)
        self.settings = resolved.settings
