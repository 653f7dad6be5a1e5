"""What the teacher must say: an intent of the catalogue or none, a reply, how sure it is."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.fields import Share, Text

LONGEST_REPLY = 1_000
"""Characters of a reply that reach the customer."""


class Malformed(ValueError):
    """The model did not answer in the form that it was asked for; the message says where."""


class Answer(BaseModel):
    """A teacher's answer; None as ``intent`` says that no intent of the catalogue fits."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, str_strip_whitespace=True)

    intent: str | None
    reply: Text = Field(min_length=1)
    confidence: Share


def schema(intents: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an answer, in the subset that strict servers take."""
    none = {"type": "null"}
    intent = {"anyOf": [{"type": "string", "enum": list(intents)}, none]} if intents else none
    fields = {"intent": intent, "reply": {"type": "string"}, "confidence": {"type": "number"}}
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def parse(text: str, intents: Collection[str]) -> Answer:
    """Read an answer, also from between the words or fences that some models put around it.

    Raises:
        Malformed: it is not of the asked form, or names an intent that is not in the catalogue.
    """
    said = text.rpartition("</think>")[2]
    document = said[said.find("{") : said.rfind("}") + 1]
    try:
        answer = Answer.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "answer"
        raise Malformed(f"{place}: {first['msg']}") from error
    if answer.intent is not None and answer.intent not in intents:
        raise Malformed(f"intent: {answer.intent[:80]!r} is not in the catalogue")
    return answer.model_copy(update={"reply": bounded(answer.reply)})


def bounded(reply: str) -> str:
    """A reply of at most ``LONGEST_REPLY`` characters, cut between words."""
    if len(reply) <= LONGEST_REPLY:
        return reply
    words = reply[: LONGEST_REPLY - 1]
    return f"{words.rpartition(' ')[0] or words}…"
