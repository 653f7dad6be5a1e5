"""What the API takes and gives of the intents."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from contracts.catalogue import Line, Reply
from contracts.catalogue import Name as IntentName
from services.panel.bodies import Name, Taken


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text without NUL (U+0000)")
    return text


Words = Annotated[Line, AfterValidator(_plain)]
Answer = Annotated[Reply, AfterValidator(_plain)]


class NewIntent(Taken):
    """An intent to add: one that the teacher proposed, or any other."""

    name: IntentName
    description: Words
    """What the customer wants: the teacher reads it."""
    reply: Answer | None = None
    """What the customer is answered; null: a person is called."""
    requested_by: Name = "api"


class IntentChange(Taken):
    """What to change of an intent; what is left out or null stays as it is."""

    name: IntentName | None = None
    """Its new name: samples, evidence and settings follow."""
    description: Words | None = None
    reply: Answer | None = None
    active: bool | None = None
    requested_by: Name = "api"


class Intent(BaseModel):
    """An intent as the shop has it."""

    name: str
    description: str
    action: str | None
    """What the router does; null: it is the teacher's."""
    reply: str | None
    replies: dict[str, str]
    active: bool
    critical: bool
    texts: int
    """Different texts that can be learned from."""


class Intents(BaseModel):
    """The catalogue, by name."""

    intents: tuple[Intent, ...]


class Added(BaseModel):
    """An intent that was added."""

    intent: Intent
    labelled: Annotated[int, Field(ge=0)]
    """Samples that had been proposed for it and are learned as it from now on."""


class Proposal(BaseModel):
    """A new intent that the teacher proposed."""

    name: str
    samples: int
    examples: tuple[str, ...]
    """The newest texts, without numbers and e-mail addresses."""


class Proposals(BaseModel):
    """What the teacher proposed and the catalogue lacks, the most wanted first."""

    proposed: tuple[Proposal, ...]
