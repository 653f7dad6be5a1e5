"""Graded turns as they are stored, read as evidence under the operator's rules."""

from typing import Protocol

from services.learning.certifying.evidence import Evidence
from services.learning.certifying.trust import Policy, ruled


class GradedTurn(Protocol):
    """What was said of a turn live, and the labels that came for it; named as in Evidence."""

    @property
    def said(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def teacher(self) -> str | None: ...
    @property
    def second(self) -> str | None: ...
    @property
    def person(self) -> str | None: ...


def as_evidence(turn: GradedTurn, policy: Policy) -> Evidence:
    """What a turn shows today: a rule that was set since it came holds for it as well.

    So an intent that goes to the teacher again takes its errors out of what is tested, and one that
    the shop no longer has is no error of the student.
    """
    return Evidence(
        turn.said, turn.confidence, turn.teacher, turn.second, turn.person,
        rule=ruled(turn.said, policy),
    )  # fmt: skip
