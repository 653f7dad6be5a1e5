"""The student in force in this process, and its trust, swapped whole while batches run."""

from dataclasses import dataclass, field

from services.learning.certifying.trust import GradedCount, Policy, Standing, Trust, trust
from services.learning.student import Student

NOT_READ = "the model in force has not been read yet"
NO_MODEL = "no model has been trained yet: the retrainer does it, or `aprendiz train` asks for it"


@dataclass
class ModelSlot:
    """Read `student` once a batch and keep it; `problem` says why there is none, or no newer."""

    student: Student | None = None
    problem: str | None = NOT_READ

    def swap(self, student: Student) -> None:
        """Put a student in force; whatever was wrong before is over."""
        self.student = student
        self.problem = None


def _nothing_known() -> Trust:
    return trust(Standing(), Policy(has_teacher=False), GradedCount(0, 0))


@dataclass
class TrustSlot:
    """Read `trust` once a batch and keep it. Until it was read, nothing is drawn or proven."""

    trust: Trust = field(default_factory=_nothing_known)
