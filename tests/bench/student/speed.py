"""How long the student trains and answers, and the memory that it takes.

``python -m tests.bench.student.speed LANGUAGE FILE:SPLIT
--size 2000 20 --size 2000 77``: each size (rows, intents) is trained in a process of its own,
after a small training that warms it up. A file of fewer rows is gone through again and again, each
time without one word of the text, drawn at random.
"""

import argparse
import random
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing import get_context
from time import perf_counter, process_time

import numpy as np
from rich.console import Console
from rich.table import Table

from services.cli.rows import rows_of
from services.learning.recipe.training import train
from services.learning.student import Example

_WARM, _ASKED, _BATCH = 300, 2_000, 64
COLUMNS = (
    "rows", "intents", "fit s", "CPU s", "peak MB", "one text p50 ms", "p99 ms", "of 64, each ms"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speed:
    """Times of one size; `megabytes` is the whole process's peak, Python and numpy included."""

    fit: float
    cpu: float
    megabytes: float
    p50: float
    p99: float
    in_batch: float


def main() -> None:
    """Print one table."""
    given = _arguments()
    table = Table(*COLUMNS)
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as alone:
        for rows, intents in given.size:
            found = alone.submit(measure, given.language, given.rows, rows, intents).result()
            table.add_row(
                f"{rows:,}", str(intents), f"{found.fit:.2f}", f"{found.cpu:.2f}",
                f"{found.megabytes:.0f}", f"{found.p50:.2f}", f"{found.p99:.2f}",
                f"{found.in_batch:.2f}",
            )  # fmt: skip
    Console(width=120).print(table)


def measure(language: str, source: str, rows: int, intents: int) -> Speed:
    """Trains on so many rows of so many intents and asks about some of them."""
    examples = _rows(rows_of([source]), rows, intents)
    train(examples[:_WARM], language=language)
    began, worked = perf_counter(), process_time()
    student = train(examples, language=language).student
    fit, cpu = perf_counter() - began, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    texts = [row.text for row in examples[:_ASKED]]
    single = _milliseconds(student.predict, [[text] for text in texts])
    batches = [texts[at : at + _BATCH] for at in range(0, len(texts) - _BATCH, _BATCH)]
    p50, p99 = np.percentile(single, [50, 99])
    of_batch = float(np.median(_milliseconds(student.predict, batches))) / _BATCH
    return Speed(fit, cpu, peak, float(p50), float(p99), of_batch)


def _rows(source: Sequence[Example], rows: int, intents: int) -> list[Example]:
    """In an order of their own; those beyond the first round lack a word."""
    dealer = random.Random(0)
    names = set(sorted({row.intent for row in source})[:intents])
    known = [row for row in source if row.intent in names]
    dealer.shuffle(known)
    again = (_without_a_word(row, dealer) for row in cycle(known))
    return [*known[:rows], *islice(again, max(0, rows - len(known)))]


def _without_a_word(row: Example, dealer: random.Random) -> Example:
    words = row.text.split()
    if len(words) > 1:
        del words[dealer.randrange(len(words))]
    return Example(" ".join(words), row.intent)


def _milliseconds(
    ask: Callable[[Sequence[str]], object], asked: Sequence[Sequence[str]]
) -> list[float]:
    times = []
    for texts in asked:
        began = perf_counter()
        ask(texts)
        times.append((perf_counter() - began) * 1000)
    return times


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language")
    parser.add_argument("rows", metavar="FILE:SPLIT")
    parser.add_argument(
        "--size", nargs=2, type=int, action="append", required=True, metavar=("ROWS", "INTENTS")
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
