"""The field types that events share: cleaned text, bounded ids, open enums, aware times."""

import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

MAX_TEXT = 4096
"""Characters of a message's text that are kept; the rest is cut, as WhatsApp itself does."""

E = TypeVar("E", bound=StrEnum)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _refuse_unstorable(text: str) -> str:
    found = _UNSTORABLE.search(text)
    if found is None:
        return text
    if found.group() == "\x00":
        raise ValueError("contains NUL (U+0000), which no text may hold: remove it")
    raise ValueError("contains a lone surrogate: encode the text as valid Unicode")


def _refuse_padded(name: str) -> str:
    # MySQL compares without them: `a ` would be taken for `a`, and its message for a repeat.
    if name.endswith(" "):
        raise ValueError("ends with a space, which databases do not tell apart: remove it")
    return name


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", _refuse_unstorable(text))[:MAX_TEXT]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the years 1 to 9999 in UTC") from error


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def open_enum(kind: type[E], unknown: E) -> BeforeValidator:
    """Read a value that this release does not know as ``unknown``: enums are open."""

    known = frozenset(kind)

    def read(value: Any) -> Any:
        return unknown if isinstance(value, str) and value not in known else value

    return BeforeValidator(read)


Text = Annotated[str, AfterValidator(_clean)]
"""Unicode NFC, at most 4,096 characters kept, without NUL or lone surrogates."""

ID_LENGTH = 191
"""Characters of an identifier: four bytes each still fit every index of a database."""

Id = Annotated[
    str, StringConstraints(min_length=1, max_length=ID_LENGTH), AfterValidator(_refuse_unstorable)
]
"""An identifier that fits an indexed utf8mb4 column."""

Key = Annotated[Id, AfterValidator(_refuse_padded)]
"""An identifier that somebody else chose and that tells rows apart."""

Gateway = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A gateway's name: one word of a routing key."""

Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
OptionalPhone = Annotated[Phone | None, BeforeValidator(_empty_is_none)]
"""E.164 when present. WhatsApp sends an empty string for people who hide it."""

Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A point in time, kept in UTC; naive times are refused."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A number in [0, 1]: a confidence, a threshold."""
