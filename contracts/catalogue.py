"""The intent catalogue: what a shop's customers may want, how it is answered, how they say it."""

import re
from string import Formatter
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

HARMLESS = ("saludo", "despedida", "agradecimiento", "horario", "ubicacion")
"""Intents of which a wrong answer does little harm: a student may try them before it is proven."""

OUT_OF_SCOPE = "__oos__"
"""The label of what no intent of the shop fits: learned like any other, never acted upon."""

NAME_RULE = "lower-case letters, digits and _, a letter first, at most 64"
"""What an intent may be called, in words."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PLACEHOLDER = re.compile(r"[a-z][a-z0-9_]*")


class CatalogueError(ValueError):
    """The catalogue can't be used; the message names the places and what was expected there."""


def is_name(text: str) -> bool:
    """Whether an intent may be called that."""
    return _NAME.fullmatch(text) is not None


def placeholders(reply: str) -> frozenset[str]:
    """Names in braces in a reply; raises ValueError for a lone brace or a name that isn't plain."""
    found = {
        (name, spec, conversion)
        for _, name, spec, conversion in Formatter().parse(reply)
        if name is not None
    }
    for name, spec, conversion in found:
        if not _PLACEHOLDER.fullmatch(name) or spec or conversion:
            raise ValueError(f"the placeholder {{{name}}} is not a plain lower-case name")
    return frozenset(name for name, _, _ in found)


def _fillable(reply: str) -> str:
    placeholders(reply)
    return reply


Name = Annotated[str, StringConstraints(pattern=f"^{_NAME.pattern}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
Reply = Annotated[Line, AfterValidator(_fillable)]


class CatalogueIntent(BaseModel):
    """One intent. `action` names the router's action kind; `replies` are an action's other texts.

    `reply` may hold placeholders such as `{items}`, which the action fills in. The keys of
    `replies` are `not_found` (a look-up found nothing), `ask` (it needs to know more first),
    `sold_out` and `private` (the order is somebody else's); docs/actions.md has them all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    description: Line
    action: Name
    reply: Reply
    replies: dict[Name, Reply] = Field(default_factory=dict)
    examples: tuple[Line, ...] = ()


class Catalogue(BaseModel):
    """All intents of a shop in one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    intents: Annotated[tuple[CatalogueIntent, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Catalogue":
        names = [intent.name for intent in self.intents]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"intents named more than once: {', '.join(twice)}")
        return self


def parse_catalogue(text: str | bytes) -> Catalogue:
    """The catalogue written in JSON `text`; raises CatalogueError that names each wrong place."""
    try:
        return Catalogue.model_validate_json(text)
    except ValidationError as error:
        raise CatalogueError(f"The intent catalogue can't be read: {_places(error)}") from error


def _places(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)[:10]
    )
