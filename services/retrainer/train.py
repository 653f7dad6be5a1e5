"""The training's process: reads its order, learns, writes the model, tells how it went."""

import asyncio
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.artifact import ArtifactError, save, unseal, unseal_kept
from services.learning.certifying.graded import as_evidence
from services.learning.certifying.provisional import provisional
from services.learning.certifying.trust import Policy
from services.learning.promoting.promotion import Promote, Refuse
from services.learning.promoting.retraining import Champion, Sample, retrain
from services.learning.recipe.training import TrainingDataError
from services.retrainer.order import (
    Away,
    Better,
    Impossible,
    OnProgress,
    Order,
    Outcome,
    Progress,
    Worse,
)
from services.storage import catalogue, evidence, models, samples, training
from services.storage import intents as stored_intents
from services.storage.engine import Database, Transaction
from services.storage.errors import DatabaseAway
from services.storage.evidence import Row
from services.storage.models import ModelMissing

_NICE = 10  # customers are answered first
_ORPHANED = 3


def main() -> None:
    """Take one order, tell the outcome."""
    order = Order.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(_NICE)
    _tell(carry_out(order, _tell))


def carry_out(order: Order, on_progress: OnProgress) -> Outcome:
    """Learn what the order says; the model, if there is one, is on the disk when this returns."""
    try:
        material = asyncio.run(_material(order))
        return _learn(order, material, on_progress)
    except DatabaseAway as error:
        return Away(reason=str(error))
    except TrainingDataError as error:
        return Impossible(reason=f"Failed: {error}")


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from, graded turns to choose a threshold on, and the champion."""

    rows: list[Sample]
    graded: list[Sample]
    champion: Champion | None


async def _material(order: Order) -> Material:
    """What there is to learn from, and what it is compared with."""
    async with Database.open(order.database_url) as database, database.read() as connection:
        # Read together: an intent renamed since the order was given is learned by its new name.
        intents = [each.name for each in await catalogue.read(connection)]
        rows = await samples.labelled(connection, intents, order.up_to)
        window = await evidence.window(connection, order.evidence_days, order.evidence_rows)
        champion = await _champion(connection, order)
    learned: dict[int | None, str | None] = {row.id: row.intent for row in rows}
    return Material(
        rows=[Sample(row.id, row.text, row.intent or OUT_OF_SCOPE) for row in rows],
        graded=[_graded(row, learned) for row in window],
        champion=champion,
    )


def _graded(row: Row, learned: Mapping[int | None, str | None]) -> Sample:
    """A graded turn under its label; one that is no sample is none that was learned.

    Where nothing fitted then, but an intent that was proposed is in the catalogue by now, it is
    learned as that: a model that says so is right.
    """
    label = as_evidence(row, Policy()).label
    if label == OUT_OF_SCOPE:
        label = learned.get(row.sample) or OUT_OF_SCOPE
    return Sample(row.sample or -row.id, row.text, label)


async def _champion(transaction: Transaction, order: Order) -> Champion | None:
    """The model in force; None when there is none, or none that can be read."""
    if order.comparable is None:
        return None
    key = bytes.fromhex(order.key)
    try:
        manifest, file = await models.fetch(transaction, order.comparable)
        student, kept = unseal(manifest, file, key), unseal_kept(manifest, file, key)
    except (ModelMissing, ArtifactError):
        return None
    made = await training.that_made(transaction, order.comparable)
    since = (made and made.started_at) or manifest.created_at
    renamed = await stored_intents.called_today(transaction, manifest.intents, since)
    return Champion(student, kept, renamed)


def _learn(order: Order, material: Material, on_progress: OnProgress) -> Outcome:
    rows = material.rows
    made = retrain(
        rows,
        material.champion,
        target=order.target,
        language=order.language,
        critical=frozenset(order.critical),
        progress=lambda stage, share: on_progress(Progress(stage=stage, share=share)),
    )
    verdict, deltas = made.verdict, _deltas(made.verdict)
    if isinstance(verdict, Refuse):
        return Worse(samples=len(rows), reason=verdict.reason, deltas=deltas)
    key = bytes.fromhex(order.key)
    try:
        manifest = save(made.trained, made.kept, order.models_dir, key, datetime.now(UTC))
    except OSError as error:
        words = f"Failed: the model cannot be written to {order.models_dir}: {error.strerror}"
        return Impossible(reason=f"{words}. Check the folder, or set APRENDIZ_MODELS_DIR.")
    return Better(
        version=manifest.version,
        samples=len(rows),
        reason=verdict.reason,
        provisional=provisional(
            made.trained,
            made.kept,
            material.graded,
            order.target,
            order.language,
            frozenset(order.decided),
        ),
        target=order.target,
        deltas=deltas,
    )


def _deltas(verdict: Promote | Refuse) -> dict[str, object]:
    halves = {"known": verdict.known, "whole": verdict.whole}
    return {name: asdict(half) for name, half in halves.items() if half is not None}


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
