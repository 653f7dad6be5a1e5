"""Models and trainings as the API shows them, and commands where they print JSON."""

from typing import Any

from services.panel import bodies
from services.panel.model_bodies import IntentFigures, Model, ModelWhole
from services.storage.models import StoredModel
from services.storage.training import State, Training


def shown_model(stored: StoredModel) -> Model:
    """A model as the API lists it."""
    return Model(**_figures(stored))


def shown_whole(stored: StoredModel, made: Training | None) -> ModelWhole:
    """A model as the API shows it whole, with the training that it came into force by."""
    manifest = stored.manifest
    return ModelWhole(
        **_figures(stored),
        digest=manifest.digest,
        size=manifest.size,
        libraries=manifest.libraries,
        worst_first=tuple(
            IntentFigures(intent=name, **each.model_dump())
            for name, each in manifest.measures.worst_first()
        ),
        training=made and shown_training(made),
    )


def shown_training(found: Training) -> bodies.Training:
    """A training as the API shows it."""
    done = found.finished_at is not None
    cut_short = not done or found.state in (State.FAILED, State.CANCELLED)
    return bodies.Training(
        **{name: value for name, value in found._asdict().items() if name != "last_sample_id"},
        progress=found.details.get("progress", 0.0) if cut_short else 1.0,
        stage=None if done else found.details.get("stage"),
    )


def _figures(stored: StoredModel) -> dict[str, Any]:
    manifest = stored.manifest
    return {
        "version": manifest.version,
        "aliases": stored.aliases,
        "created_at": manifest.created_at,
        "samples": manifest.rows,
        "intents": len(manifest.intents),
        **manifest.measures.model_dump(exclude={"rows", "per_intent"}),
    }
