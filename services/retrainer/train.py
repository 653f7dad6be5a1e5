"""The training's process: reads its order, learns, writes the model, tells how it went."""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from services.learning.artifact import save
from services.learning.promotion import Promote, Refuse, compare
from services.learning.student import OUT_OF_SCOPE, Example
from services.learning.training import Progress as LearningProgress
from services.learning.training import TrainingDataError, train
from services.retrainer.order import (
    Away,
    Better,
    Hear,
    Impossible,
    Order,
    Outcome,
    Progress,
    Worse,
)
from services.storage import training
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from services.storage.training import Labelled

_NOTHING_BEFORE = "Promoted: there was no model in force that it could be compared with."
_NICE = 10  # customers are answered first
_ORPHANED = 3
_COMPARED = 2 / 3
"""Share of the work after which the comparison is done: it fits twice what the training fits."""


def main() -> None:
    """Take one order, tell the outcome."""
    order = Order.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(_NICE)
    _tell(carry_out(order, _tell))


def carry_out(order: Order, hear: Hear) -> Outcome:
    """Learn what the order says; the model, if there is one, is on the disk when this returns."""
    try:
        rows = asyncio.run(_rows(order))
        return _learn(order, rows, hear)
    except DatabaseAway as error:
        return Away(reason=str(error))
    except TrainingDataError as error:
        return Impossible(reason=f"Failed: {error}")


async def _rows(order: Order) -> list[Labelled]:
    async with Database.open(order.database_url) as database, database.read() as connection:
        return await training.labelled(connection, order.intents, order.up_to)


def _learn(order: Order, rows: Sequence[Labelled], hear: Hear) -> Outcome:
    if order.known_up_to is None:
        return _train(order, rows, _NOTHING_BEFORE, {}, _share(hear, "training", 0.0, 1.0))
    known = [row for row in rows if row.id <= order.known_up_to]
    new = [row for row in rows if row.id > order.known_up_to]
    comparing = _share(hear, "comparing", 0.0, _COMPARED)
    verdict = compare(_examples(known), _examples(new), progress=comparing)
    if isinstance(verdict, Refuse):
        return Worse(samples=len(rows), reason=verdict.reason, deltas=_deltas(verdict))
    told = _share(hear, "training", _COMPARED, 1.0)
    return _train(order, rows, verdict.reason, _deltas(verdict), told)


def _train(
    order: Order,
    rows: Sequence[Labelled],
    reason: str,
    deltas: dict[str, object],
    told: LearningProgress,
) -> Better:
    trained = train(_examples(rows), progress=told)
    manifest = save(trained, order.models_dir, bytes.fromhex(order.key), datetime.now(UTC))
    return Better(version=manifest.version, samples=len(rows), reason=reason, deltas=deltas)


def _examples(rows: Sequence[Labelled]) -> list[Example]:
    return [Example(row.text, row.intent or OUT_OF_SCOPE) for row in rows]


def _deltas(verdict: Promote | Refuse) -> dict[str, object]:
    halves = {"known": verdict.known, "whole": verdict.whole}
    return {name: asdict(half) for name, half in halves.items() if half is not None}


def _share(hear: Hear, what: str, start: float, end: float) -> LearningProgress:
    """Tells one part of the work as its share of the whole."""

    def tell(stage: str, share: float) -> None:
        hear(Progress(stage=f"{what}: {stage}", share=start + share * (end - start)))

    return tell


def _tell(line: Progress | Outcome) -> None:
    sys.stdout.buffer.write(line.line())
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    """End at once when the other side of our standard input is gone, however it went."""
    # Not sys.stdin: a thread that waits inside of it would hold its lock at the interpreter's end.
    while os.read(0, 1):
        pass
    os._exit(_ORPHANED)


if __name__ == "__main__":
    main()
