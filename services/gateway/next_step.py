"""Decides what to do with a reply, by what was noted about it before."""

from enum import StrEnum

from services.storage.deliveries import SENDING, Noted


class Step(StrEnum):
    """What to do with a reply."""

    DELIVER = "deliver"
    """It was never handed to the provider: hand it over."""
    ASK = "ask"
    """A crash left its outcome open: ask the provider, and hand it over if it is not there."""
    GIVE_UP = "give_up"
    """Its outcome is open and nobody can say: never send it again, show it to a person."""
    REPEAT = "repeat"
    """Its outcome is known: tell it again."""


def next_step(noted: Noted, *, can_be_asked: bool) -> Step:
    """Decide for a reply by what the table says of it, now that it is to be delivered."""
    if noted.new:
        return Step.DELIVER
    if noted.delivery.state != SENDING:
        return Step.REPEAT
    return Step.ASK if can_be_asked else Step.GIVE_UP
