"""Decides what a failed call to the teacher means for the customer who waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.events import TurnReady
from contracts.topology import LADDER

PATIENCE = LADDER[1].delay
"""The longest wait that may come before the next call, as long as the customer was told nothing."""

_LONGEST = 300  # characters of a server's words: it may send back all that it was asked

LADDER_TOTAL = sum((step.delay for step in LADDER), timedelta())
"""So long after a turn was opened, the ladder is at its end."""


class Kind(StrEnum):
    """Why there is no answer."""

    NO_KEY = "no_key"
    WRONG_SETTINGS = "wrong_settings"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    QUOTA = "quota"
    UNKNOWN_MODEL = "unknown_model"
    BAD_REQUEST = "bad_request"
    REFUSED = "refused"
    UNSUPPORTED_KIND = "unsupported_kind"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    SERVER = "server"
    CONNECTION = "connection"
    MALFORMED = "malformed"


MAY_PASS = frozenset({Kind.RATE_LIMIT, Kind.TIMEOUT, Kind.SERVER, Kind.CONNECTION, Kind.MALFORMED})

CURES = {
    Kind.WRONG_SETTINGS: "correct openai_base_url (http://... or https://...) or openai_api_key",
    Kind.AUTHENTICATION: "the server refuses openai_api_key: set a valid one",
    Kind.PERMISSION: "openai_api_key may not use this model or region: change it or openai_modelo",
    Kind.QUOTA: "the account of openai_api_key has no credit left: top it up",
    Kind.UNKNOWN_MODEL: "the server has no such model: set openai_modelo, or openai_base_url",
    Kind.BAD_REQUEST: "the server does not take the request: check openai_modelo",
}
"""What a person can do about failures that no waiting mends, by the setting's name."""


class TeacherFailed(Exception):
    """The teacher gave no answer; ``kind`` tells whether waiting may help."""

    def __init__(self, kind: Kind, words: str) -> None:
        """Keep the kind, and say how what the server or the library said begins."""
        super().__init__(f"{kind}: {words[:_LONGEST]}")
        self.kind = kind


@dataclass(frozen=True)
class Hold:
    """A person has to answer: tell the customer once, and try no more."""


@dataclass(frozen=True)
class Wait:
    """Try again down the ladder; ``hold`` says to tell the customer now that it takes longer."""

    hold: bool


def decide(kind: Kind, turn: TurnReady, now: datetime, call: timedelta) -> Hold | Wait:
    """Decide after a failure; ``call`` is the longest that the next call may take.

    How often it was tried is told by the clock: a turn has one deadline, however it came here.
    """
    if kind not in MAY_PASS or now >= turn.opened_at + LADDER_TOTAL:
        return Hold()
    return Wait(hold=now + PATIENCE + call > turn.deadline_at)


def kind_of(status: int, code: str | None) -> Kind:
    """The kind of an HTTP status that is no success, and the error code of its body."""
    if code == "insufficient_quota" or status == 402:
        return Kind.QUOTA
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Kind.SERVER if status >= 500 else Kind.BAD_REQUEST


_BY_STATUS = {
    401: Kind.AUTHENTICATION,
    403: Kind.PERMISSION,
    404: Kind.UNKNOWN_MODEL,
    408: Kind.TIMEOUT,
    409: Kind.SERVER,
    425: Kind.SERVER,
    429: Kind.RATE_LIMIT,
}
