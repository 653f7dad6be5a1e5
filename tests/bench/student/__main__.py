"""Our student beside TF-IDF + logistic regression and nlp.js, on the same rows, in one run.

``python -m tests.bench.student --set NAME LANGUAGE TRAIN TEST [--set ...] [--seeds 3]
[--per-intent N]``: TRAIN and TEST are FILE or FILE:SPLIT,... as for ``aprendiz evaluate``;
``--per-intent`` draws so many training rows an intent, once a seed. Prints medians over the seeds.
nlp.js is installed beside this file by npm, once; it has no thresholds chosen out of fold, and its
training draws at random whatever the seed. ``--without-nlpjs`` does without Node.
"""

import argparse
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from services.cli.rows import rows_of
from services.learning.judging.evaluation import TARGETS, Evaluation
from services.learning.judging.trial import try_out
from services.learning.percent import share
from services.learning.student import Example
from tests.bench.student import nlpjs, simple

FIGURES = ("accuracy", "ECE", "@0.8", "for 95 %", "for 98 %", "oos recall", "false accepts")


def main() -> None:
    """Print one table."""
    given = _arguments()
    table = Table("data", "contender", *FIGURES)
    for name, language, train, test in given.set:
        rows, tests = rows_of([train]), rows_of([test])
        drawn = [draw(rows, given.per_intent, seed) for seed in range(given.seeds)]
        table.add_row(name, "simple", *_medians(simple.judge(each, tests) for each in drawn))
        if not given.without_nlpjs:
            theirs = (nlpjs.judge(each, tests, language) for each in drawn)
            table.add_row(name, "nlp.js", *_medians(theirs))
        ours = (
            try_out(each, tests, language=language, target=0.95, seed=seed).evaluation
            for seed, each in enumerate(drawn)
        )
        table.add_row(name, "ours", *_medians(ours))
    Console(width=140).print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set", nargs=4, action="append", required=True,
        metavar=("NAME", "LANGUAGE", "TRAIN", "TEST"),
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--per-intent", type=int)
    parser.add_argument("--without-nlpjs", action="store_true")
    return parser.parse_args()


def draw(rows: Sequence[Example], each: int | None, seed: int) -> list[Example]:
    """So many rows an intent, or all of them."""
    if each is None:
        return list(rows)
    of_intent: dict[str, list[Example]] = defaultdict(list)
    for row in rows:
        of_intent[row.intent].append(row)
    dealer = random.Random(seed)
    return [
        row
        for _, there in sorted(of_intent.items())
        for row in dealer.sample(there, min(each, len(there)))
    ]


def _medians(found: Iterable[Evaluation]) -> list[str]:
    rows = [_figures(each) for each in found]
    return [_median(column) for column in zip(*rows, strict=True)]


def _figures(found: Evaluation) -> tuple[tuple[float | None, ...], ...]:
    """One or, for a threshold, two shares a column: answered alone, and right of those."""
    fixed = found.points[0]
    return (
        (found.accuracy,),
        (found.ece,),
        *(_point(found, target) for target in (None, *TARGETS)),
        (found.out_of_scope_recall,),
        (fixed.false_accepts,),
    )


def _point(found: Evaluation, target: float | None) -> tuple[float | None, ...]:
    """A contender that chose no threshold for this target has no figures for it."""
    of_target = {point.target: (point.coverage, point.precision) for point in found.points}
    return of_target.get(target, (None, None))


def _median(column: Sequence[tuple[float | None, ...]]) -> str:
    """`91.2% @ 98.9%` for a threshold; shares of nothing are left out of the median."""
    medians = []
    for values in zip(*column, strict=True):
        there = [value for value in values if value is not None]
        medians.append(share(statistics.median(there) if there else None))
    return " @ ".join(medians)


if __name__ == "__main__":
    main()
