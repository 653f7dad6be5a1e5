"""A trained student as a file and a signed manifest; nothing is read that was not checked first."""

import hashlib
import hmac
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path

from pydantic import ValidationError

from contracts.manifest import Manifest
from services.learning import spelling
from services.learning.meanings import vectors
from services.learning.meanings.glossary import edition
from services.learning.model_file import ModelFileError, from_bytes, kept_from_bytes, to_bytes
from services.learning.out_of_fold import OutOfFold
from services.learning.student import LinearStudent
from services.learning.trained import Trained

MANIFEST, MODEL = "manifest.json", "model.npz"
# Another version of these may cut or understand words differently, without a word.
_SAME = ("snowballstemmer", vectors.PACKAGE, spelling.PACKAGE, "glossary", "spelling")


class ArtifactError(ValueError):
    """A stored model was refused; the message says why and what to do. Keep the model in use."""


def libraries() -> dict[str, str]:
    """The versions that train and read models in this process."""
    names = ("numpy", "scipy", "snowballstemmer", vectors.PACKAGE, spelling.PACKAGE)
    ours = {
        "python": platform.python_version(),
        "glossary": edition(),
        "spelling": spelling.RULES,
    }
    return ours | {name: installed(name) for name in names}


def seal(
    trained: Trained, kept: OutOfFold, key: bytes, created_at: datetime
) -> tuple[Manifest, bytes]:
    """The manifest and the model file of a training that ended at `created_at` (aware).

    `kept` is what its folds said, to compare its successor with.
    """
    model = to_bytes(trained.student.weights, kept)
    digest = hashlib.sha256(model).hexdigest()
    moment = created_at.astimezone(UTC)
    facts: dict[str, object] = {
        "version": f"{moment:%Y%m%dT%H%M%S}-{digest[:8]}",
        "created_at": moment,
        "digest": digest,
        "size": len(model),
        "intents": trained.student.intents,
        "libraries": libraries(),
        "measures": trained.measures,
        "rows": len(trained.examples),
    }
    unsigned = Manifest.model_validate(facts | {"signature": "0" * 64})
    return sign(unsigned, key), model


def sign(manifest: Manifest, key: bytes) -> Manifest:
    """The manifest with the signature that `key` gives it."""
    return manifest.model_copy(update={"signature": _signature(manifest, key)})


def is_signed_by(manifest: Manifest, key: bytes) -> bool:
    """Whether the manifest's signature is the one that `key` gives it."""
    return hmac.compare_digest(_signature(manifest, key), manifest.signature)


def verify(manifest: Manifest, model: bytes, key: bytes) -> None:
    """Raises ArtifactError unless the signature, size, digest and libraries are as they must be."""
    if not is_signed_by(manifest, key):
        raise ArtifactError(
            f"Model {manifest.version}: the signature is wrong. It was signed with another "
            "APRENDIZ_SECRET_KEY, or its manifest was altered. Restore the key, or train again."
        )
    if len(model) != manifest.size:
        raise ArtifactError(
            f"Model {manifest.version}: half-written, {len(model)} of {manifest.size} bytes. "
            "Delete its folder to fetch it again."
        )
    if hashlib.sha256(model).hexdigest() != manifest.digest:
        raise ArtifactError(
            f"Model {manifest.version}: the file was altered. Delete its folder to fetch it again."
        )
    _same_libraries(manifest)


def unseal(manifest: Manifest, model: bytes, key: bytes) -> LinearStudent:
    """The student in a model file, once `verify` has passed."""
    verify(manifest, model, key)
    try:
        weights = from_bytes(model)
    except ModelFileError as error:
        raise ArtifactError(f"Model {manifest.version}: {error} Train again.") from error
    if weights.intents != manifest.intents:
        raise ArtifactError(
            f"Model {manifest.version}: it knows other intents than its manifest says. Train again."
        )
    return LinearStudent(weights, manifest.version)


def unseal_kept(manifest: Manifest, model: bytes, key: bytes) -> OutOfFold:
    """What the folds of the model's training said, once `verify` has passed."""
    verify(manifest, model, key)
    try:
        return kept_from_bytes(model, manifest.intents)
    except ModelFileError as error:
        raise ArtifactError(f"Model {manifest.version}: {error} Train again.") from error


def save(
    trained: Trained, kept: OutOfFold, directory: Path, key: bytes, created_at: datetime
) -> Manifest:
    """Seals the student and writes it to `directory/<version>/`."""
    manifest, model = seal(trained, kept, key, created_at)
    write(manifest, model, directory / manifest.version)
    return manifest


def write(manifest: Manifest, model: bytes, folder: Path) -> None:
    """Puts both files into `folder`, each whole or not at all, the manifest last."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / MODEL, model)
    _replace(folder / MANIFEST, manifest.model_dump_json(indent=2).encode())


def load(folder: Path, key: bytes) -> LinearStudent:
    """The student in `folder`; raises ArtifactError for whatever is missing or wrong."""
    return unseal(*read(folder), key)


def read(folder: Path) -> tuple[Manifest, bytes]:
    """The two files in `folder`, not yet verified; raises ArtifactError when one is missing."""
    try:
        manifest = parse_manifest((folder / MANIFEST).read_bytes())
        return manifest, (folder / MODEL).read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"Model {folder.name}: half-written or unreadable ({error.strerror}: {error.filename})."
            " Delete its folder to fetch it again."
        ) from error


def parse_manifest(text: str | bytes) -> Manifest:
    """The manifest in JSON `text`; raises ArtifactError that names the first wrong field."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, wrong["loc"])) or "the file"
        raise ArtifactError(
            f"A model's manifest can't be read: {place}: {wrong['msg']}. Train again."
        ) from error


def _same_libraries(manifest: Manifest) -> None:
    here = libraries()
    for name in _SAME:
        if (trained_by := manifest.libraries.get(name, "unknown")) != here[name]:
            raise ArtifactError(
                f"Model {manifest.version} was trained with {name} {trained_by}, this is "
                f"{here[name]}. Train again, or go back to what it was trained with."
            )


def _signature(manifest: Manifest, key: bytes) -> str:
    return hmac.new(key, manifest.unsigned(), hashlib.sha256).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Writes beside `path` and renames, so that a crash leaves the old file or the new one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
