"""The signed manifest that lies beside every trained model and says what the model is."""

import json
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.fields import Share

Hex256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d{8}T\d{6}-[0-9a-f]{8}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IntentMeasures(_Frozen):
    """How one intent fared out of fold: its rows, and shares in [0, 1]."""

    rows: int
    precision: Share
    recall: Share
    f1: Share


class Measures(_Frozen):
    """Figures on rows the model wasn't trained on, as shares in [0, 1].

    `coverage` is the share accepted at `threshold`, where none is that was named out of scope, and
    `covered_precision` the share of those that were right (None when nothing was accepted); `ece`
    is over ten bins of equal width.
    """

    rows: int
    accuracy: Share
    macro_f1: Share
    ece: Share
    threshold: Share
    coverage: Share
    covered_precision: Share | None
    per_intent: dict[str, IntentMeasures]

    def worst_first(self) -> list[tuple[str, IntentMeasures]]:
        """The intents by their F1, the weakest first."""
        return sorted(self.per_intent.items(), key=lambda intent: (intent[1].f1, intent[0]))


class Manifest(_Frozen):
    """What a model file is: checked in full before the file is read.

    `digest` is the SHA-256 of the file, `size` its bytes; `libraries` are the versions that trained
    it; `rows` the training rows; `signature` the HMAC-SHA256 of `unsigned()`.
    """

    version: Version
    created_at: AwareDatetime
    digest: Hex256
    size: Annotated[int, Field(gt=0)]
    intents: Annotated[tuple[str, ...], Field(min_length=2)]
    libraries: dict[str, str]
    measures: Measures
    rows: Annotated[int, Field(gt=0)]
    signature: Hex256

    def unsigned(self) -> bytes:
        """Canonical JSON of all but the signature."""
        return canonical(self.model_dump(mode="json", exclude={"signature"}))


def canonical(data: dict[str, object]) -> bytes:
    """One spelling of JSON for signing: sorted keys, no spaces, UTF-8."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
