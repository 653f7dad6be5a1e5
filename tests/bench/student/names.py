"""What it is worth that intents have telling names: the same rows under codes, names, wrong names.

``python -m tests.bench.student.names --set NAME LANGUAGE TRAIN TEST [--set ...] [--seeds 3]
[--per-intent N]``: files and figures as in ``python -m tests.bench.student.meaning``. *Wrong*:
every intent is called as the next one.
"""

import argparse
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from contracts.catalogue import OUT_OF_SCOPE
from services.cli.rows import rows_of
from services.learning.student import Example
from tests.bench.student.__main__ import draw
from tests.bench.student.meaning import COLUMNS, figures


def main() -> None:
    """Print one table."""
    given = _arguments()
    table = Table(COLUMNS[0], "names", *COLUMNS[2:])
    for name, language, *files in given.set:
        rows, test = (rows_of([file]) for file in files)
        drawn = [draw(rows, given.per_intent, seed) for seed in range(given.seeds)]
        for kind, names in _names({row.intent for row in rows} - {OUT_OF_SCOPE}).items():
            called = [_renamed(each, names) for each in drawn]
            table.add_row(name, kind, *figures(called, [_renamed(test, names)], language))
    Console(width=120).print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set", nargs=4, action="append", required=True, metavar=("NAME", "LANG", "TRAIN", "TEST")
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--per-intent", type=int)
    return parser.parse_args()


def _names(intents: set[str]) -> dict[str, dict[str, str]]:
    """What each intent is called, by kind of names."""
    real = sorted(intents)
    codes = [f"b{place:03}" for place in range(len(real))]
    return {
        "codes": dict(zip(real, codes, strict=True)),
        "its own": dict(zip(real, real, strict=True)),
        "wrong": dict(zip(real, [*real[1:], real[0]], strict=True)),
    }


def _renamed(rows: Sequence[Example], names: Mapping[str, str]) -> list[Example]:
    return [Example(row.text, names.get(row.intent, row.intent)) for row in rows]


if __name__ == "__main__":
    main()
