"""What a training leaves; apart from the training itself, so that a model is loaded without it."""

from dataclasses import dataclass, field

from contracts.manifest import Measures
from services.learning.arrays import Floats, Places
from services.learning.student import Example, LinearStudent

FEWEST_TEXTS = 2
"""Different texts that an intent needs: one to learn from while the other is held out."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A fresh student and what is known of it.

    `examples` are the rows it learned from and `taught` their places among those given, `folds` the
    fold of each, `out_of_fold` their probabilities (rows, intents) by models that never saw their
    text. `left_out` are intents with fewer than two different texts: too little to learn.
    """

    student: LinearStudent
    examples: tuple[Example, ...] = field(repr=False)
    taught: Places = field(repr=False)
    folds: Places = field(repr=False)
    out_of_fold: Floats = field(repr=False)
    measures: Measures
    left_out: tuple[str, ...]
