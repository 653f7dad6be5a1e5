"""The student in force in this process, swapped whole while batches run."""

from dataclasses import dataclass

from services.learning.student import Student

NO_MODEL = "no model has been trained yet: the retrainer does it, or `aprendiz train` asks for it"


@dataclass
class ModelSlot:
    """Read `student` once a batch and keep it; `problem` says why there is none, or no newer."""

    student: Student | None = None
    problem: str | None = NO_MODEL

    def swap(self, student: Student) -> None:
        """Put a student in force; whatever was wrong before is over."""
        self.student = student
        self.problem = None
