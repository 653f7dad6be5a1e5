"""Models on disk: what is saved is loaded, and whatever is wrong is refused with its reason."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts.manifest import Manifest
from services.learning.artifact import (
    MANIFEST,
    MODEL,
    ArtifactError,
    load,
    parse_manifest,
    read,
    save,
    seal,
    sign,
    unseal,
    unseal_kept,
    verify,
    write,
)
from services.learning.model_file import ModelFileError, from_bytes, kept_from_bytes, to_bytes
from services.learning.out_of_fold import OutOfFold, keep
from services.learning.recipe.training import train
from services.learning.student import Example, LinearStudent
from services.learning.trained import Trained

KEY = b"a key of the shop"
MOMENT = datetime(2026, 11, 22, 22, 5, tzinfo=UTC)
Spoil = Callable[[Path], object]


@pytest.fixture(scope="module")
def trained(few_rows: list[Example]) -> Trained:
    """A small student: every test writes one."""
    return train(few_rows)


def kept_of(trained: Trained) -> OutOfFold:
    return keep(trained, range(7, 7 + len(trained.examples)))


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    return tmp_path / save(trained, kept_of(trained), tmp_path, KEY, MOMENT).version


def resealed(trained: Trained, student: LinearStudent) -> tuple[Manifest, bytes]:
    """Another student under the manifest's road: rightly signed, whatever it holds."""
    return seal(replace(trained, student=student), kept_of(trained), KEY, MOMENT)


def test_a_saved_student_comes_back_the_same(trained: Trained, folder: Path) -> None:
    student, texts = load(folder, KEY), ["hola, precio?", "dónde están", ""]
    assert student.version == folder.name
    assert student.intents == trained.student.intents
    assert student.predict(texts) == trained.student.predict(texts)


def test_what_the_folds_said_comes_back_the_same(trained: Trained, folder: Path) -> None:
    manifest, model = read(folder)
    before, after = kept_of(trained), unseal_kept(manifest, model, KEY)
    assert after.intents == before.intents
    for name in ("ids", "said", "sure", "truth"):
        one, other = getattr(before, name), getattr(after, name)
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())


@pytest.mark.parametrize("name", ["kept_ids", "kept_said", "kept_sure", "kept_truth"])
def test_a_model_that_lost_what_its_folds_said_is_refused(trained: Trained, name: str) -> None:
    model = without(name, to_bytes(trained.student.weights, kept_of(trained)))
    with pytest.raises(ModelFileError, match="lacks its held-out answers"):
        from_bytes(model)
    with pytest.raises(ModelFileError, match="can't be read"):
        kept_from_bytes(model, trained.student.intents)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("truth", np.array([65_535], dtype=np.uint16), "of other intents"),
        ("truth", np.array([4], dtype=np.uint16), "of other intents"),
        ("said", np.array([65_535], dtype=np.uint16), "of other intents"),
        ("said", np.array([0, 0], dtype=np.uint16), "don't fit together"),
        ("sure", np.array([0.5], dtype=np.float64), "don't fit together"),
    ],
    ids=[
        "an intent beyond all",
        "an intent beyond the last",
        "said of one beyond all",
        "more rows",
        "another kind",
    ],
)
def test_words_that_fit_nothing_are_refused(
    trained: Trained, name: str, change: np.ndarray, reason: str
) -> None:
    first = kept_of(trained).only(np.arange(len(trained.examples)) == 0)
    kept = replace(first, **{name: change})  # type: ignore[arg-type]  # by name
    model = to_bytes(trained.student.weights, kept)
    with pytest.raises(ModelFileError, match=reason):
        kept_from_bytes(model, trained.student.intents)


def without(name: str, model: bytes) -> bytes:
    """The archive without one of its arrays."""
    return archived({each: array for each, array in arrays_of(model).items() if each != name})


def arrays_of(model: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(model)) as archive:
        return dict(archive)


def archived(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def names_of(trained: Trained) -> dict[str, object]:
    model = to_bytes(trained.student.weights, kept_of(trained))
    names: dict[str, object] = json.loads(arrays_of(model)["names"].tobytes())
    return names


def with_names(trained: Trained, names: object) -> bytes:
    """A model file whose names are these, whatever they are."""
    arrays = arrays_of(to_bytes(trained.student.weights, kept_of(trained)))
    return archived(arrays | {"names": np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)})


@pytest.mark.parametrize("lacking", ["temperature", "unseen_idf", "enough", "words"])
def test_a_model_of_another_release_is_refused_by_what_it_lacks(
    trained: Trained, lacking: str
) -> None:
    names = {name: value for name, value in names_of(trained).items() if name != lacking}
    with pytest.raises(ModelFileError, match=f"it lacks {lacking}: another release wrote it"):
        from_bytes(with_names(trained, names))


@pytest.mark.parametrize("change", [{"temperature": None}, {"words": 5}, {"vocabularies": 5}])
def test_names_of_another_kind_are_refused(trained: Trained, change: dict[str, object]) -> None:
    with pytest.raises(ModelFileError, match="can't be read"):
        from_bytes(with_names(trained, names_of(trained) | change))


def test_the_version_is_the_moment_in_utc_and_the_start_of_the_digest(trained: Trained) -> None:
    lima = timezone(timedelta(hours=-5))
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT.astimezone(lima))
    assert manifest.version == f"20261122T220500-{hashlib.sha256(model).hexdigest()[:8]}"
    assert manifest.created_at == MOMENT
    assert manifest.rows == len(trained.examples)
    assert manifest.measures == trained.measures


def test_a_manifest_survives_json_with_its_signature(trained: Trained) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)
    verify(parse_manifest(manifest.model_dump_json()), model, KEY)


def test_a_model_fetched_in_chunks_is_written_and_loaded(trained: Trained, tmp_path: Path) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)
    chunks = [model[start : start + 65_536] for start in range(0, len(model), 65_536)]
    write(manifest, b"".join(chunks), tmp_path / "cache")
    assert load(tmp_path / "cache", KEY).version == manifest.version


def test_a_model_is_loaded_and_asked_without_scikit_learn(folder: Path) -> None:
    """It would cost every process that classifies some 90 MB."""
    code = f"""
import pathlib, sys
from services.learning.artifact import load
print(load(pathlib.Path({str(folder)!r}), {KEY!r}).predict(["precio?"])[0].intent)
print(sorted({{"sklearn", "scipy", "joblib"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["precio", "[]"]


def test_saving_leaves_nothing_but_the_two_files(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, MODEL]


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def edit(old: str, new: str) -> Spoil:
    return lambda path: path.write_text(path.read_text().replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "spoil", "reason"),
    [
        (MODEL, altered, "the file was altered"),
        (MODEL, cut, "half-written, 1000 of"),
        (MODEL, Path.unlink, "half-written or unreadable"),
        (MANIFEST, Path.unlink, "half-written or unreadable"),
        (MANIFEST, cut, "manifest can't be read"),
        (MANIFEST, edit('"rows": ', '"rows": 1'), "the signature is wrong"),
        (MANIFEST, edit('"size"', '"sise"'), "size: Field required"),
    ],
    ids=["altered", "cut", "no model", "no manifest", "cut manifest", "forged", "missing field"],
)
def test_a_spoilt_artifact_is_refused_with_the_reason(
    folder: Path, name: str, spoil: Spoil, reason: str
) -> None:
    spoil(folder / name)
    with pytest.raises(ArtifactError, match=reason):
        load(folder, KEY)


def test_another_key_is_refused(folder: Path) -> None:
    with pytest.raises(ArtifactError, match="APRENDIZ_SECRET_KEY"):
        load(folder, b"another key")


@pytest.mark.parametrize(
    "library", ["snowballstemmer", "wordllama", "glossary", "pyspellchecker", "spelling"]
)
def test_a_model_of_another_library_version_is_refused(trained: Trained, library: str) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)
    older = manifest.model_copy(update={"libraries": manifest.libraries | {library: "0.1"}})
    with pytest.raises(ArtifactError, match=rf"trained with {library} 0\.1, this is"):
        verify(sign(older, KEY), model, KEY)


def test_a_model_of_one_intent_is_refused(trained: Trained) -> None:
    weights = trained.student.weights
    single = replace(
        weights,
        intents=weights.intents[:1],
        coefficients=weights.coefficients[:, :1],
        intercepts=weights.intercepts[:1],
    )
    with pytest.raises(ModelFileError, match="fewer than two intents"):
        from_bytes(to_bytes(single, kept_of(trained)))
    manifest, _ = seal(trained, kept_of(trained), KEY, MOMENT)
    with pytest.raises(ArtifactError, match="intents: Tuple should have at least 2 items"):
        parse_manifest(manifest.model_copy(update={"intents": ("saludo",)}).model_dump_json())


@pytest.mark.parametrize("missing", ["idf", "coefficients", "intercepts"])
def test_arrays_that_do_not_fit_together_are_refused(trained: Trained, missing: str) -> None:
    whole = trained.student.weights
    few = {
        "idf": np.ones(3),
        "coefficients": whole.coefficients[: len(whole.idf)],  # those of the meaning lack
        "intercepts": whole.intercepts[:1],
    }
    weights = replace(whole, **{missing: few[missing]})  # type: ignore[arg-type]  # by name
    manifest, model = resealed(trained, LinearStudent(weights))
    with pytest.raises(ArtifactError, match="don't fit together"):
        unseal(manifest, model, KEY)


@pytest.mark.parametrize("model", [b"", b"PK\x03\x04 no archive", b"\x80\x04."])
def test_bytes_that_are_no_model_are_refused(model: bytes) -> None:
    with pytest.raises(ModelFileError, match="can't be read"):
        from_bytes(model)


def test_a_pickled_object_is_never_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", names=np.array([{"code": "runs"}], dtype=object))
    with pytest.raises(ModelFileError, match="can't be read"):
        from_bytes((tmp_path / "evil.npz").read_bytes())


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._trace,)


@pytest.mark.parametrize("name", ["names", "idf", "kept_ids"])
def test_nothing_in_a_model_is_run(trained: Trained, tmp_path: Path, name: str) -> None:
    """Whoever can write a file into the models' folder must not run code with it."""
    arrays, trace = (
        arrays_of(to_bytes(trained.student.weights, kept_of(trained))),
        tmp_path / "trace",
    )
    model = archived(arrays | {name: np.array([Trap(trace)], dtype=object)})
    reads: Callable[[bytes], object] = from_bytes
    if name == "kept_ids":
        reads = partial(kept_from_bytes, intents=trained.student.intents)
    with pytest.raises(ModelFileError, match="can't be read"):
        reads(model)
    assert not trace.exists()


def test_a_crash_in_mid_write_leaves_the_former_model(
    trained: Trained, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)

    def full_disk(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write(manifest, model[:100], folder)
    assert load(folder, KEY).version == folder.name
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, MODEL]


def test_a_crash_between_the_two_files_leaves_no_manifest_without_its_model(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)
    written: list[str] = []

    def dies_after_one(path: Path, target: Path) -> Path:
        if written:
            raise OSError(5, "gone")
        written.append(target.name)
        return path.rename(target)

    monkeypatch.setattr(Path, "replace", dies_after_one)
    with pytest.raises(OSError, match="gone"):
        write(manifest, model, tmp_path / "new")
    assert written == [MODEL]


@pytest.mark.parametrize("unsealing", [unseal, unseal_kept])
def test_whatever_is_read_of_a_model_is_verified_first(
    trained: Trained, unsealing: Callable[[Manifest, bytes, bytes], object]
) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)
    with pytest.raises(ArtifactError, match="APRENDIZ_SECRET_KEY"):
        unsealing(manifest, model, b"another key")


def test_a_manifest_that_names_other_intents_than_the_file_is_refused(trained: Trained) -> None:
    manifest, model = seal(trained, kept_of(trained), KEY, MOMENT)
    renamed = manifest.model_copy(update={"intents": tuple(reversed(manifest.intents))})
    with pytest.raises(ArtifactError, match="other intents than its manifest says"):
        unseal(sign(renamed, KEY), model, KEY)


def test_answers_in_more_than_one_dimension_are_refused(trained: Trained) -> None:
    whole = kept_of(trained)
    flat = {name: getattr(whole, name) for name in ("ids", "said", "sure", "truth")}
    kept = OutOfFold(whole.intents, **{name: each[:, np.newaxis] for name, each in flat.items()})
    with pytest.raises(ModelFileError, match="held-out answers"):
        kept_from_bytes(to_bytes(trained.student.weights, kept), whole.intents)


def test_a_model_whose_compressed_bytes_were_spoilt_is_refused(trained: Trained) -> None:
    model = bytearray(to_bytes(trained.student.weights, kept_of(trained)))
    model[200:260] = b"\xff" * 60  # in the midst of the first array
    with pytest.raises(ModelFileError, match="can't be read"):
        from_bytes(bytes(model))


def test_a_model_that_names_a_compression_it_does_not_use_is_refused(trained: Trained) -> None:
    model = bytearray(to_bytes(trained.student.weights, kept_of(trained)))
    model[model.index(b"PK\x01\x02") + 10] = zipfile.ZIP_BZIP2
    with pytest.raises(ModelFileError, match="can't be read"):
        from_bytes(bytes(model))
