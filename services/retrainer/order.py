"""What the training's process is told, and what it tells: JSON lines on its standard streams."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    def line(self) -> bytes:
        """One line of JSON."""
        return self.model_dump_json().encode() + b"\n"


class Order(_Message):
    """What to learn from. The process ends when its standard input closes behind it."""

    database_url: str = Field(repr=False)
    key: str = Field(repr=False)
    """The signing key in hexadecimal digits."""
    models_dir: Path
    up_to: int
    """The newest sample to learn from."""
    comparable: str | None
    """The version of the model in force; None: the new one has nothing to be compared with."""
    critical: tuple[str, ...]
    """Intents that may lose less than others."""
    decided: tuple[str, ...]
    """Intents of which the operator has decided: they have no say in the threshold."""
    target: float
    """The precision at which the two models' coverages are compared, and a threshold is chosen."""
    language: str
    evidence_days: int
    evidence_rows: int
    """The window of graded turns on which the threshold is chosen."""


class Progress(_Message):
    """How far it is: a share in [0, 1]."""

    kind: Literal["progress"] = "progress"
    stage: str
    share: float


class Better(_Message):
    """The new model is no worse and lies in the models' folder.

    ``provisional`` is the threshold that was chosen for it on rows it could not learn from, for the
    ``target`` of then.
    """

    kind: Literal["better"] = "better"
    version: str
    samples: int
    reason: str
    provisional: float
    target: float
    deltas: dict[str, Any] = {}


class Worse(_Message):
    """The new model may not replace the champion."""

    kind: Literal["worse"] = "worse"
    samples: int
    reason: str
    deltas: dict[str, Any] = {}


class Impossible(_Message):
    """There is no new model, for this reason."""

    kind: Literal["impossible"] = "impossible"
    reason: str


class Away(_Message):
    """The database could not be read: nothing is wrong with the training."""

    kind: Literal["away"] = "away"
    reason: str


Outcome = Better | Worse | Impossible | Away
OnProgress = Callable[[Progress], None]
"""Called with how far the training is."""
_MESSAGE: TypeAdapter[Progress | Outcome] = TypeAdapter(
    Annotated[Progress | Outcome, Field(discriminator="kind")]
)


def read_message(line: bytes) -> Progress | Outcome:
    """What a line of the process says; raises ValueError for anything else."""
    return _MESSAGE.validate_json(line)
