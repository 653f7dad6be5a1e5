"""Finds the questions that a student knows least: what to write examples for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.learning.estimation.held_out import HeldOut
from services.learning.estimation.masking import masked
from services.learning.estimation.messages import Turn
from services.learning.normalise import normalise

_MOST = 20
_KNOWN = 0.95
"""Confidence from which words are not listed as little known, however few there are."""
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Question:
    """Words that the student can't place, masked; how often they came, its best guess."""

    text: str
    times: int
    guess: str
    confidence: float


def least_known(turns: Sequence[Turn], held_out: HeldOut, language: str) -> tuple[Question, ...]:
    """The least certain first; texts that differ only in spelling habits are one."""
    certain = held_out.guesses.probabilities.max(axis=1)
    plain = [normalise(turn.text, language) for turn in turns]
    times: dict[str, list[int]] = {}
    for place in np.argsort(certain, kind="stable"):
        if certain[place] < _KNOWN and any(letter.isalpha() for letter in plain[place]):
            times.setdefault(plain[place], []).append(int(place))
    return tuple(
        Question(
            text=_short(masked(turns[places[0]].text.replace("\n", " / "))),
            times=len(places),
            guess=held_out.guesses.intents[held_out.guesses.named[places[0]]],
            confidence=float(certain[places[0]]),
        )
        for places in list(times.values())[:_MOST]
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
