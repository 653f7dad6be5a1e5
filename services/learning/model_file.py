"""Weights as the bytes of a model file and back: a numpy archive in which nothing is pickled."""

import io
import json
import zipfile
import zlib
from typing import Any

import numpy as np

from contracts.manifest import canonical
from services.learning.meanings.vectors import DIMENSIONS
from services.learning.out_of_fold import OutOfFold
from services.learning.student import Weights

_ARRAYS = ("idf", "coefficients", "intercepts")
_NUMBERS = ("temperature", "unseen_idf", "enough")
_KEPT = {"ids": "int64", "said": "uint16", "sure": "float32", "truth": "uint16"}
# All that numpy, zip and JSON raise for bytes that they did not write.
_UNREADABLE = (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile, zlib.error)


class ModelFileError(ValueError):
    """These bytes are no model; the message says what is wrong with them. Train again."""


def to_bytes(weights: Weights, kept: OutOfFold) -> bytes:
    """Weights and held-out answers as a compressed numpy archive without any pickled object."""
    names = canonical(
        {
            "language": weights.language,
            "intents": weights.intents,
            "words": weights.words,
            "vocabularies": weights.vocabularies,
        }
        | {name: getattr(weights, name) for name in _NUMBERS}
    )
    arrays = {name: getattr(weights, name) for name in _ARRAYS}
    arrays |= {_kept(name): getattr(kept, name) for name in _KEPT}
    file = io.BytesIO()
    np.savez_compressed(file, names=np.frombuffer(names, dtype=np.uint8), **arrays)
    return file.getvalue()


def from_bytes(model: bytes) -> Weights:
    """The weights that `to_bytes` wrote; raises ModelFileError when they don't fit together.

    The held-out answers must be there, but are left unread: classifying needs no more memory.
    """
    try:
        with np.load(io.BytesIO(model), allow_pickle=False) as archive:
            names = json.loads(archive["names"].tobytes())
            values: dict[str, Any] = {name: archive[name] for name in _ARRAYS}
            missing = [name for name in _KEPT if _kept(name) not in archive]
        if lacking := [name for name in (*_NUMBERS, "words") if name not in names]:
            raise ValueError(f"it lacks {', '.join(lacking)}: another release wrote it")
        values |= {name: float(names[name]) for name in _NUMBERS}
        stems, letters = names["vocabularies"]
        weights = Weights(
            language=names["language"],
            intents=tuple(names["intents"]),
            words=tuple(names["words"]),
            vocabularies=(stems, letters),
            **values,
        )
    except _UNREADABLE as error:
        raise ModelFileError(f"The model file can't be read ({error}).") from error
    if missing:
        raise ModelFileError(f"The model lacks its held-out answers ({', '.join(missing)}).")
    _fits_together(weights)
    return weights


def kept_from_bytes(model: bytes, intents: tuple[str, ...]) -> OutOfFold:
    """The held-out answers in a model file of these intents; raises ModelFileError."""
    try:
        with np.load(io.BytesIO(model), allow_pickle=False) as archive:
            arrays = {name: archive[_kept(name)] for name in _KEPT}
    except _UNREADABLE as error:
        raise ModelFileError(f"The held-out answers can't be read ({error}).") from error
    sorts = {name: array.dtype.name for name, array in arrays.items()}
    if sorts != _KEPT or len({array.shape for array in arrays.values()}) != 1:
        raise ModelFileError("The held-out answers don't fit together.")
    kept = OutOfFold(intents, **arrays)
    places = np.concatenate([kept.said, kept.truth])
    if kept.ids.ndim != 1 or (places >= len(intents)).any():
        raise ModelFileError("The held-out answers are of other intents than the model's.")
    return kept


def _kept(name: str) -> str:
    return f"kept_{name}"


def _fits_together(weights: Weights) -> None:
    columns, intents = sum(map(len, weights.vocabularies)), len(weights.intents)
    shapes = [getattr(weights, name).shape for name in _ARRAYS]
    if intents < 2:
        raise ModelFileError("The model knows fewer than two intents: it can't tell any apart.")
    if shapes != [(columns,), (columns + DIMENSIONS, intents), (intents,)]:
        raise ModelFileError(f"The model's arrays {shapes} don't fit together.")
