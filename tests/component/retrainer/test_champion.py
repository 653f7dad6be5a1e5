"""A process has the model in force: fetched, verified, cached, swapped while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from contracts.catalogue import CatalogueIntent
from contracts.manifest import Manifest
from services.champion import ChampionKeeper
from services.learning.artifact import MANIFEST, MODEL, libraries, seal, sign
from services.learning.certifying.slot import NO_MODEL, ModelSlot
from services.learning.out_of_fold import keep
from services.learning.recipe.training import train
from services.learning.student import Example
from services.storage import models
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from tests.component.retrainer.conftest import KEY

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
Sealed = tuple[Manifest, bytes]


@pytest.fixture(scope="session")
def sealed(intents: tuple[CatalogueIntent, ...]) -> tuple[Sealed, Sealed]:
    """Two models of one training, a day apart."""
    trained = train([Example(each, intent.name) for intent in intents for each in intent.examples])
    kept = keep(trained, range(len(trained.examples)))
    later = MOMENT + timedelta(days=1)
    return seal(trained, kept, KEY, MOMENT), seal(trained, kept, KEY, later)


@dataclass
class Process:
    """What a process keeps of the models: a slot, and a folder on its machine."""

    database: Database
    folder: Path

    def __post_init__(self) -> None:
        self.slot = ModelSlot()
        self.champion = ChampionKeeper(self.database, self.slot, self.folder, KEY)

    @property
    def version(self) -> str | None:
        return self.slot.student.version if self.slot.student else None

    async def promote(self, sealed: Sealed) -> str:
        manifest, file = sealed
        async with self.database.begin() as connection:
            await models.store(connection, manifest, file)
            await models.promote(connection, manifest.version, "ana")
        return manifest.version

    async def spoil(self, statement: str, **values: object) -> None:
        async with self.database.begin() as connection:
            await connection.execute(text(statement), values)


@pytest.fixture
def process(database: Database, tmp_path: Path) -> Process:
    return Process(database, tmp_path / "cache")


async def test_before_the_first_training_it_says_what_is_missing(process: Process) -> None:
    await process.champion.refresh()
    assert (process.slot.student, process.slot.problem) == (None, NO_MODEL)


async def test_models_are_swapped_while_the_process_runs(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    for each in sealed:
        version = await process.promote(each)
        await process.champion.refresh()
        assert (process.version, process.slot.problem) == (version, None)
        assert process.slot.student
        assert process.slot.student.predict(["hola"])[0].intent == "saludo"


async def test_a_model_that_is_in_force_already_is_left_alone(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    await process.promote(sealed[0])
    await process.champion.refresh()
    before, process.slot.problem = process.slot.student, "over"
    await process.champion.refresh()
    assert process.slot.student is before
    assert process.slot.problem is None


async def test_the_next_process_takes_it_from_the_cache(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    version = await process.promote(sealed[0])
    await process.champion.refresh()
    await process.spoil("DELETE FROM model_chunks")
    other = Process(process.database, process.folder)
    await other.champion.refresh()
    assert (other.version, other.slot.problem) == (version, None)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [_cut, _altered, Path.unlink])
@pytest.mark.parametrize("name", [MODEL, MANIFEST])
async def test_a_damaged_cache_is_fetched_again(
    process: Process,
    sealed: tuple[Sealed, Sealed],
    damage: Callable[[Path], object],
    name: str,
) -> None:
    version = await process.promote(sealed[0])
    await process.champion.refresh()
    whole = (process.folder / version / MODEL).read_bytes()
    damage(process.folder / version / name)
    other = Process(process.database, process.folder)
    await other.champion.refresh()
    assert (other.version, other.slot.problem) == (version, None)
    assert (process.folder / version / MODEL).read_bytes() == whole


async def test_another_models_folder_under_its_name_is_not_taken(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    """Rightly signed, but not the one that is in force."""
    await process.promote(sealed[0])
    await process.champion.refresh()
    version = await process.promote(sealed[1])
    (process.folder / sealed[0][0].version).rename(process.folder / version)
    await process.champion.refresh()
    assert process.version == version


async def test_an_unwritable_cache_costs_nothing_but_a_warning(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    version = await process.promote(sealed[0])
    process.folder.write_text("a file where the folder should be")
    await process.champion.refresh()
    assert (process.version, process.slot.problem) == (version, None)


async def test_an_altered_artifact_leaves_the_former_model_and_says_why(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    former = await process.promote(sealed[0])
    await process.champion.refresh()
    newer = await process.promote(sealed[1])
    spoilt = bytes(len(sealed[1][1]))[: models.CHUNK]
    update = "UPDATE model_chunks SET data = :data WHERE version = :version AND ordinal = 0"
    await process.spoil(update, data=spoilt, version=newer)
    await process.champion.refresh()
    assert process.version == former
    assert newer in (process.slot.problem or "")


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({}, b"another key", "signature"),
        ({"rows": 7}, None, "signature"),
        ({"libraries": libraries() | {"snowballstemmer": "0.1"}}, KEY, "snowballstemmer 0.1"),
    ],
)
async def test_a_model_that_must_not_be_read_leaves_the_former_one_and_says_why(
    process: Process,
    sealed: tuple[Sealed, Sealed],
    changes: dict[str, object],
    key: bytes | None,
    words: str,
) -> None:
    former = await process.promote(sealed[0])
    await process.champion.refresh()
    manifest, file = sealed[1]
    changed = manifest.model_copy(update=changes)
    await process.promote((sign(changed, key) if key else changed, file))
    await process.champion.refresh()
    assert process.version == former
    assert words in (process.slot.problem or "")
    await process.promote(sealed[0])
    await process.champion.refresh()
    assert process.slot.problem is None, "what is put in force again is no problem any more"


async def test_an_away_database_is_for_the_caller_to_wait_for(tmp_path: Path) -> None:
    async with Database.open("mysql://nobody@127.0.0.1:9/nothing") as nowhere:
        with pytest.raises(DatabaseAway):
            await Process(nowhere, tmp_path).champion.refresh()


async def test_old_models_leave_the_cache_when_another_is_in_force(
    process: Process, sealed: tuple[Sealed, Sealed]
) -> None:
    old = [f"2026010{day}T000000-0000000{day}" for day in range(1, 6)]
    for name in [*old, "mine"]:
        folder = process.folder / name
        folder.mkdir(parents=True)
        (folder / MODEL).write_text("old")
    kept = {await process.promote(each) for each in sealed}
    await process.champion.refresh()
    left = {path.name for path in process.folder.iterdir()}
    assert left == {process.version, "mine", *old[-2:]}
    assert process.version in kept
