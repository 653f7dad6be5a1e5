"""What a drawn turn shows: the word that the student gave live, beside what the turn meant."""

from dataclasses import dataclass

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import Reason


@dataclass(frozen=True, slots=True)
class Evidence:
    """One graded turn. Labels are intents; OUT_OF_SCOPE: none of the catalogue fits.

    `said` and `confidence` are those of the model that was in force when the turn came, which
    cannot have learned from it. `teacher` is the teacher's first answer, `second` what it said when
    it was asked again, blindly; `person` outranks both, and may be the only one. `rule` is what
    holds for what the student said, however sure it is; None: the threshold decides.
    """

    said: str
    confidence: float
    teacher: str | None
    second: str | None = None
    person: str | None = None
    rule: Reason | None = None

    @property
    def label(self) -> str:
        """What the turn counts as."""
        return self.person or self._taught or OUT_OF_SCOPE

    @property
    def agreed(self) -> bool:
        """Whether the teacher says the same, whatever a person said later."""
        return self.said == self._taught

    @property
    def _taught(self) -> str | None:
        return self.teacher and settled(self.said, self.teacher, self.second)

    @property
    def tested_confidence(self) -> float:
        """The confidence that thresholds are tested on; -1, under any, where none decides."""
        return -1.0 if self.rule or self.said == OUT_OF_SCOPE else self.confidence

    def is_alone(self, threshold: float) -> bool:
        """Whether the student would answer it alone at this threshold."""
        if self.rule or self.said == OUT_OF_SCOPE:
            return self.rule is Reason.ACCEPTED
        return self.confidence >= threshold

    @property
    def right(self) -> bool:
        """Whether answering it alone would have been right, as far as the label knows."""
        return self.said == self.label and self.said != OUT_OF_SCOPE


def settled(said: str, teacher: str, second: str | None) -> str:
    """The label of a turn over which student and teacher differ.

    The teacher is asked again without a hint. When it then says what the student said, that is
    two independent voices against one; otherwise its first word stands.
    """
    return said if second == said else teacher
