"""What the API takes and gives, as its documentation shows it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.events import Basis, Reason, TrustState
from contracts.fields import MAX_TEXT, Id, Share


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text without NUL (U+0000)")
    if not text.strip():
        raise ValueError("some text, not only spaces")
    return text


Words = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_storable)]
Name = Annotated[Id, AfterValidator(_storable)]


class Taken(BaseModel):
    """A body that is sent to us: its types are not guessed at, its unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Classify(Taken):
    """A customer's words."""

    text: Words


class Requester(Taken):
    """Who asks, for the history of changes."""

    requested_by: Name = "api"


class Guess(BaseModel):
    """An intent and how likely it is."""

    intent: str
    confidence: Share


class Classified(BaseModel):
    """What the student makes of a text. Confidences and the threshold are shares in [0, 1]."""

    model_config = ConfigDict(protected_namespaces=())

    intent: str
    confidence: Share
    alternatives: tuple[Guess, ...]
    """The next best intents, best first."""
    model_version: str
    threshold: Share
    state: TrustState
    """What the evidence says of the student."""
    accepted: bool
    """Whether the router would act on it alone."""
    reason: Reason


class Health(BaseModel):
    """How the engine is. The status is `ok` when nothing is away, else `degraded`."""

    status: str
    version: str
    model: str | None
    """The version of the model in force; null when there is none."""
    problem: str | None
    """Why the newest model is not in force."""
    broker: str
    """`ok`, or what is the matter."""
    database: str
    """`ok`, or what is the matter."""


class Figures(BaseModel):
    """What the graded turns show at the threshold in force; null of no rows."""

    rows: int
    accepted: int
    answered_alone: Share | None
    """Share of the graded turns that the threshold, or a rule, accepts. Some of these the router
    hands to the teacher all the same, such as a yes that nothing was asked for."""
    agreement: Share | None
    """Share of those of which the teacher says the same (asked twice if it differed), whatever a
    person said later."""
    agreement_bound: Share | None
    """What that is at least, with a certainty of 1 - `ml_delta`, seen once. The certificate asks
    for more, because it looks again and again."""
    checked: int
    """Agreements that a person has checked."""
    precision: Share | None
    """The share of right answers, as people have checked; null until a person has checked one."""
    precision_bound: Share | None
    """What that is at least, with the same certainty."""
    ece: Share | None


class Certificate(BaseModel):
    """A look, an alarm, a promotion or a raised target, and what was in force from then on."""

    model_config = ConfigDict(protected_namespaces=())

    cause: str
    """`look`, `alarm`, `promotion`, or `target`: the operator raised it."""
    model_version: str | None
    state: TrustState
    threshold: Share
    certified: Share | None
    provisional: Share | None
    number: int | None
    accepted_rows: int
    right_rows: int
    bound: Share | None
    basis: Basis | None
    """Whether the bound is on agreement with the labels or, as people have checked, on precision.
    Null: on agreement."""
    target: Share
    why: str
    created_at: datetime | None


class Trusted(BaseModel):
    """What the student may answer alone, and why."""

    model_config = ConfigDict(protected_namespaces=())

    state: TrustState
    threshold: Share
    mode: str
    """`certificado`, or `fijo`: the operator's threshold, whatever the evidence says."""
    target: Share
    drawn: Share
    """Share of the turns that is drawn and graded."""
    probation: bool
    """Everything is still drawn, and only harmless intents are answered alone."""
    why: str
    model_version: str | None
    model_created_at: datetime | None
    samples_until_training: int
    """New samples that are missing until a training starts by itself."""
    evidence: Figures
    history: tuple[Certificate, ...]


class Accepted(BaseModel):
    """A training that was asked for, or asked to end."""

    training_id: str


class Training(BaseModel):
    """Where a training stands: requested, running, promoted, refused, failed or cancelled.

    Or chosen: no training, a person has put a model in force.
    """

    training_id: str
    requested_by: str | None
    state: str
    reason: str | None
    progress: Share
    stage: str | None
    samples: int | None
    version: str | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    details: dict[str, Any]
