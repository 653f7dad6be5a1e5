"""What the API gives of models: those that are kept, one whole, one that a person put in force."""

from datetime import datetime

from pydantic import BaseModel

from contracts.fields import Share
from services.panel.bodies import Training


class Model(BaseModel):
    """A model that is kept, and its figures on rows that it was not trained on, shares in 0-1."""

    version: str
    aliases: tuple[str, ...]
    """`champion`: it is in force; `previous`: it was before."""
    created_at: datetime
    samples: int
    """Rows that it learned from."""
    intents: int
    accuracy: Share
    macro_f1: Share
    ece: Share
    """Expected calibration error."""
    threshold: Share
    """The one that the next two figures are for."""
    coverage: Share
    covered_precision: Share | None


class Models(BaseModel):
    """The models that are kept, the newest first."""

    models: tuple[Model, ...]


class IntentFigures(BaseModel):
    """How one intent fared on rows that the model was not trained on; shares in 0-1."""

    intent: str
    rows: int
    precision: Share
    recall: Share
    f1: Share


class ModelWhole(Model):
    """A model with all that is known of it."""

    digest: str
    """SHA-256 of its file."""
    size: int
    """Bytes of its file."""
    libraries: dict[str, str]
    """The versions that it was trained with."""
    worst_first: tuple[IntentFigures, ...]
    """Its intents, the weakest first."""
    training: Training | None
    """The training that it came into force by; null when it was none of this database."""


class Promoted(BaseModel):
    """A model that is in force by a person's word."""

    version: str
    previous: str | None
    """The one that was in force before; `POST /models/rollback` returns to it."""
    ended_trainings: tuple[str, ...]
    """Trainings that waited or ran: they were meant to replace another model."""
