"""One whole retraining: learn from all samples, and judge whether that may replace the champion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from services.learning.out_of_fold import OutOfFold, keep
from services.learning.promoting.lining_up import is_known, line_up, unchanged
from services.learning.promoting.promotion import NOTHING_NEW, TARGET, Promote, Refuse, compare
from services.learning.recipe.training import Progress, train
from services.learning.student import Example, LinearStudent
from services.learning.trained import Trained

NOTHING_BEFORE = Promote("Promoted: there was no model in force that it could be compared with.")
_TRAINING = 0.95
"""Share of the work after which the challenger is there and only judged."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled text; `id` is what it is recognised by when its label has changed."""

    id: int
    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in force, and its held-out answers on the rows that it learned from.

    `renamed` are those of its intents that are called otherwise today.
    """

    student: LinearStudent
    kept: OutOfFold
    renamed: Mapping[str, str] = field(default_factory=dict)

    def under_todays_names(self) -> Self:
        """The same answers, each intent called as it is today.

        Where two would be called alike, because one is gone and its name was given again, all keep
        their former names.
        """

        def called(names: tuple[str, ...]) -> tuple[str, ...]:
            today = tuple(self.renamed.get(name, name) for name in names)
            return today if len(set(today)) == len(today) else names

        weights = replace(self.student.weights, intents=called(self.student.intents))
        kept = replace(self.kept, intents=called(self.kept.intents))
        return replace(self, student=replace(self.student, weights=weights), kept=kept)


@dataclass(frozen=True, slots=True)
class Retrained:
    """A challenger, its held-out answers on what it learned from, and whether it may serve."""

    trained: Trained
    kept: OutOfFold
    verdict: Promote | Refuse


def retrain(
    samples: Sequence[Sample],
    champion: Champion | None,
    *,
    target: float = TARGET,
    critical: frozenset[str] = frozenset(),
    language: str = "es",
    seed: int = 0,
    progress: Progress = lambda _stage, _share: None,
) -> Retrained:
    """One training, champion or not; raises TrainingDataError for too few rows.

    `target` is the precision at which coverages are compared; `critical` names the intents that may
    lose less than others.
    """
    examples = [Example(sample.text, sample.intent) for sample in samples]
    trained = train(
        examples,
        language=language,
        seed=seed,
        progress=lambda stage, share: progress(stage, share * _TRAINING),
    )
    rows = [samples[place] for place in trained.taught]
    kept = keep(trained, [row.id for row in rows])
    if champion is None:
        return Retrained(trained, kept, NOTHING_BEFORE)
    progress("comparing", _TRAINING)
    texts = [row.text for row in rows]
    verdict = _verdict(texts, champion, kept, target, critical, language)
    progress("compared", 1.0)
    return Retrained(trained, kept, verdict)


def _verdict(
    texts: Sequence[str],
    champion: Champion,
    today: OutOfFold,
    target: float,
    critical: frozenset[str],
    language: str,
) -> Promote | Refuse:
    # Read in another language, the same rows teach something else.
    if unchanged(champion.kept, today) and champion.student.weights.language == language:
        return NOTHING_NEW
    champion = champion.under_todays_names()
    before = line_up(texts, today, champion.student, champion.kept, language)
    known = is_known(champion.kept, today)
    return compare(before, today, known, target=target, critical=critical)
