"""What the API gives of a model whole, and of one that a person has put in force."""

from pydantic import BaseModel

from contracts.fields import Share
from services.panel.bodies import Model, Training


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
