"""What the teacher must say: an intent of the catalogue or none, a reply, how sure it is."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from contracts.catalogue import is_name
from contracts.fields import Share, Text

LONGEST_REPLY = 1_000
"""Characters of a reply that reach the customer."""


class Malformed(ValueError):
    """The model did not answer in the form that it was asked for; the message says where."""


def _name(value: Any) -> str | None:
    """A name that an intent may have; what is none must not cost the customer the answer."""
    return value if isinstance(value, str) and is_name(value) else None


class Answer(BaseModel):
    """A teacher's answer; None as ``intent`` says that no intent of the catalogue fits.

    ``reply`` is empty where only a label was asked for. ``proposed_intent`` names the intent that
    the catalogue lacks.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, str_strip_whitespace=True)

    intent: str | None
    reply: Text = ""
    confidence: Share
    proposed_intent: Annotated[str | None, BeforeValidator(_name)] = None


def schema(intents: Sequence[str], *, label_only: bool = False) -> dict[str, Any]:
    """The JSON schema of an answer, in the subset that strict servers take."""
    none, words = {"type": "null"}, {"type": "string"}
    intent = {"anyOf": [{**words, "enum": list(intents)}, none]} if intents else none
    fields: dict[str, Any] = {"intent": intent, "confidence": {"type": "number"}}
    if not label_only:
        fields |= {"reply": words, "proposed_intent": {"anyOf": [words, none]}}
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def parse(text: str, intents: Collection[str], *, label_only: bool = False) -> Answer:
    """Read an answer, also from between the words or fences that some models put around it.

    Raises:
        Malformed: it is not of the asked form, or names an intent that is not in the catalogue.
    """
    answer = _read(text)
    if not (answer.reply or label_only):
        raise Malformed("reply: there is none")
    if answer.intent is not None and answer.intent not in intents:
        raise Malformed(f"intent: {answer.intent[:80]!r} is not in the catalogue")
    new = answer.intent is None and answer.proposed_intent not in intents
    return answer.model_copy(
        update={
            "reply": bounded(answer.reply),
            "proposed_intent": answer.proposed_intent if new else None,
        }
    )


def _read(text: str) -> Answer:
    said = text.rpartition("</think>")[2]
    document = said[said.find("{") : said.rfind("}") + 1]
    try:
        return Answer.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "answer"
        raise Malformed(f"{place}: {first['msg']}") from error


def bounded(reply: str) -> str:
    """A reply of at most ``LONGEST_REPLY`` characters, cut between words."""
    if len(reply) <= LONGEST_REPLY:
        return reply
    words = reply[: LONGEST_REPLY - 1]
    return f"{words.rpartition(' ')[0] or words}…"
