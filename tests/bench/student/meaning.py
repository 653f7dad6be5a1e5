"""What it is worth that the student knows what words mean: the same rows without and with it.

``python -m tests.bench.student.meaning --set NAME LANGUAGE TRAIN [TEST] [--set ...] [--seeds 3]
[--per-intent N]``: TRAIN and TEST are FILE or FILE:SPLIT,... as for ``aprendiz evaluate``. Prints
means over the seeds, each of which draws and folds anew: accuracy and log-loss out of fold; of TEST
accuracy, answered alone @ right at 0.8, and the area under risk-coverage, all in percent.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from services.cli.rows import rows_of
from services.learning.arrays import Singles
from services.learning.judging.evaluation import evaluate, guesses_on
from services.learning.meanings.vectors import DIMENSIONS
from services.learning.recipe.training import train
from services.learning.student import Example
from services.learning.trained import Trained
from tests.bench.student.__main__ import draw

_LEAST = 1e-12  # a probability of 0 has no logarithm
COLUMNS = ("data", "meaning", "accuracy", "log-loss", "of TEST", "at 0.8", "area")


def main() -> None:
    """Print one table."""
    given = _arguments()
    table = Table(*COLUMNS)
    for name, language, *files in given.set:
        rows, *tests = ([*rows_of([file])] for file in files)
        drawn = [draw(rows, given.per_intent, seed) for seed in range(given.seeds)]
        with without_meaning():
            table.add_row(name, "without", *figures(drawn, tests, language))
        table.add_row(name, "with", *figures(drawn, tests, language))
    Console(width=120).print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set", nargs="+", action="append", required=True, metavar="NAME LANGUAGE TRAIN [TEST]"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--per-intent", type=int)
    return parser.parse_args()


@contextmanager
def without_meaning() -> Iterator[None]:
    """No word means anything."""

    def of_each(words: Sequence[str], _language: str) -> Singles:
        return np.zeros((len(words), DIMENSIONS), dtype=np.float32)

    def together(_words: Sequence[str], _language: str) -> Singles:
        return np.zeros(DIMENSIONS, dtype=np.float32)

    with ExitStack() as replaced:
        replaced.enter_context(patch("services.learning.recipe.counting.meanings", of_each))
        replaced.enter_context(patch("services.learning.student.meaning", together))
        yield


def figures(
    drawn: Sequence[Sequence[Example]], tests: Sequence[Sequence[Example]], language: str
) -> list[str]:
    """What COLUMNS name, but for the first two."""
    trained = [train(rows, language=language, seed=seed) for seed, rows in enumerate(drawn)]
    accuracy, loss = np.mean([_out_of_fold(each) for each in trained], axis=0)
    found = [f"{accuracy:.1%}", f"{loss:.3f}"]
    for test in tests:
        right, alone, kept, area = np.mean([of_test(each, test) for each in trained], axis=0)
        found += [f"{right:.1%}", f"{alone:.1%} @ {kept:.1%}", f"{100 * area:.2f}"]
    return found


def _out_of_fold(trained: Trained) -> tuple[float, float]:
    """Accuracy and log-loss."""
    truth = [trained.student.intents.index(row.intent) for row in trained.examples]
    likely = trained.out_of_fold[np.arange(len(truth)), truth]
    right = trained.out_of_fold.argmax(axis=1) == truth
    return float(right.mean()), float(-np.log(np.maximum(likely, _LEAST)).mean())


def of_test(trained: Trained, test: Sequence[Example]) -> tuple[float, ...]:
    """Accuracy; the share answered alone at 0.8, and right of those; area under risk-coverage."""
    student, taught = trained.student, {row.intent for row in trained.examples}
    guesses = guesses_on(
        student.intents, student.probabilities([row.text for row in test]), test, taught
    )
    out_of_fold = guesses_on(student.intents, trained.out_of_fold, trained.examples, taught)
    found = evaluate(guesses, out_of_fold, rows=test, left_out=trained.left_out)
    alone = found.points[0]
    figures = (found.accuracy, alone.coverage, alone.precision, found.risk_coverage_area)
    return tuple(math.nan if figure is None else figure for figure in figures)


if __name__ == "__main__":
    main()
