"""A model whole, as the terminal shows it."""

from typing import TYPE_CHECKING

from rich.table import Table

from contracts.catalogue import OUT_OF_SCOPE
from services.cli.terminal import unwrapped_console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contracts.manifest import Manifest
    from services.storage.models import StoredModel
    from services.storage.training import Training


def print_model(stored: "StoredModel", made: "Training | None") -> None:
    """Facts first, then the intents, the weakest first."""
    console = unwrapped_console()
    facts = [("version", " ".join((stored.manifest.version, *stored.aliases)))]
    for name, value in [*facts, *_facts(stored.manifest), *_decided(made)]:
        console.print(f"{name:<14}{value}")
    console.print(_intents(stored.manifest))


def _facts(manifest: "Manifest") -> "Iterator[tuple[str, str]]":
    found = manifest.measures
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    yield "made", f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC, {libraries}"
    intents = len(set(manifest.intents) - {OUT_OF_SCOPE})
    apart = " and out of scope" if OUT_OF_SCOPE in manifest.intents else ""
    yield "rows", f"{manifest.rows:,} of {intents} intents{apart}"
    shares = f"accuracy {found.accuracy:.1%}, macro-F1 {found.macro_f1:.1%}, ECE {found.ece:.1%}"
    yield "out of fold", shares
    right = found.covered_precision
    precision = "" if right is None else f" at a precision of {right:.1%}"
    yield "alone", f"{found.coverage:.1%} from a confidence of {found.threshold:.1%}{precision}"
    yield "file", f"{manifest.size:,} bytes, SHA-256 {manifest.digest}"


def _decided(made: "Training | None") -> "Iterator[tuple[str, str]]":
    if made is None:
        yield "decided", "by no training of this database"
        return
    why = made.details.get("begun", "")
    yield "training", f"{made.training_id}, by {made.requested_by}{why and f': {why}'}"
    yield "decided", made.reason or ""


def _intents(manifest: "Manifest") -> Table:
    table = Table("intent", "rows", "precision", "recall", "F1")
    for name, each in manifest.measures.worst_first():
        shares = (f"{share:.1%}" for share in (each.precision, each.recall, each.f1))
        table.add_row(name, str(each.rows), *shares)
    return table
