"""A chat completion as servers send it: only what we need, checked, since many merely resemble."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from services.teacher.answer import Malformed


class Declined(ValueError):
    """The model does not want to answer this."""


class Message(BaseModel):
    """What the model said, or why it would not."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """One of the answers; we ask for one."""

    message: Message
    finish_reason: str | None = None


_MOST_TOKENS = 2**31 - 1  # what the database's column holds


def _counted(value: Any) -> Any:
    """A number of tokens; what is none must not cost the customer the answer."""
    return value if isinstance(value, int) and 0 <= value <= _MOST_TOKENS else None


Tokens = Annotated[int | None, BeforeValidator(_counted)]


class Usage(BaseModel):
    """Tokens, as far as the server counts them."""

    prompt_tokens: Tokens = None
    completion_tokens: Tokens = None


class Completion(BaseModel):
    """A server's whole answer."""

    choices: Annotated[list[Choice], Field(min_length=1)]
    model: str | None = None
    usage: Usage | None = None

    @property
    def text(self) -> str:
        """What the model said.

        Raises:
            Declined: it said nothing, on purpose.
        """
        first = self.choices[0]
        if first.message.refusal or first.finish_reason == "content_filter":
            raise Declined("the model declines to answer this")
        return first.message.content or ""


def read_completion(body: bytes) -> Completion:
    """Read a response's body; raises Malformed when it is no completion."""
    try:
        return Completion.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise Malformed(f"{place}: {first['msg']}") from error
