"""Weights as the bytes of a model file and back: a numpy archive in which nothing is pickled."""

import io
import json
import zipfile
import zlib

import numpy as np

from contracts.manifest import canonical
from services.learning.student import Weights

_ARRAYS = ("idf", "coefficients", "intercepts")
# All that numpy, zip and JSON raise for bytes that they did not write.
_UNREADABLE = (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile, zlib.error)


class ModelFileError(ValueError):
    """These bytes are no model; the message says what is wrong with them. Train again."""


def to_bytes(weights: Weights) -> bytes:
    """Weights as a compressed numpy archive without any pickled object."""
    names = canonical(
        {
            "language": weights.language,
            "intents": weights.intents,
            "vocabularies": weights.vocabularies,
            "temperature": weights.temperature,
        }
    )
    arrays = {name: getattr(weights, name) for name in _ARRAYS}
    file = io.BytesIO()
    np.savez_compressed(file, names=np.frombuffer(names, dtype=np.uint8), **arrays)
    return file.getvalue()


def from_bytes(model: bytes) -> Weights:
    """The weights that `to_bytes` wrote; raises ModelFileError when they don't fit together."""
    try:
        with np.load(io.BytesIO(model), allow_pickle=False) as archive:
            names = json.loads(archive["names"].tobytes())
            arrays = {name: archive[name] for name in _ARRAYS}
        stems, letters = names["vocabularies"]
        weights = Weights(
            language=names["language"],
            intents=tuple(names["intents"]),
            vocabularies=(stems, letters),
            temperature=float(names["temperature"]),
            **arrays,
        )
    except _UNREADABLE as error:
        raise ModelFileError(f"The model file can't be read ({error}).") from error
    _fits_together(weights)
    return weights


def _fits_together(weights: Weights) -> None:
    columns, intents = sum(map(len, weights.vocabularies)), len(weights.intents)
    shapes = [getattr(weights, name).shape for name in _ARRAYS]
    if intents < 2:
        raise ModelFileError("The model knows fewer than two intents: it can't tell any apart.")
    if shapes != [(columns,), (columns, intents), (intents,)]:
        raise ModelFileError(f"The model's arrays {shapes} don't fit together.")
