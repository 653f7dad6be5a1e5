"""Models are kept whole, and only who holds the lease may put one in force."""

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from contracts.manifest import IntentMeasures, Manifest, Measures
from services.storage import leases, models, versions
from services.storage.engine import Database
from services.storage.errors import LeaseLost
from services.storage.models import CHAMPION, PREVIOUS, ModelMissing
from services.storage.tables import metricas_modelo, model_artifacts, model_chunks

FILE = secrets.token_bytes(3 * models.CHUNK + 17)


def _manifest(file: bytes, second: int = 0) -> Manifest:
    digest = hashlib.sha256(file).hexdigest()
    per_intent = {"saludo": IntentMeasures(rows=9, precision=0.9, recall=0.8, f1=0.85)}
    measures = Measures(
        rows=100,
        accuracy=0.91,
        macro_f1=0.9,
        ece=0.03,
        threshold=0.8,
        coverage=0.7,
        covered_precision=None,
        per_intent=per_intent,
    )
    return Manifest(
        version=f"20260101T0000{second:02}-{digest[:8]}",
        created_at=datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC),
        digest=digest,
        size=len(file),
        intents=("saludo", "precio"),
        libraries={"numpy": "2.4"},
        measures=measures,
        rows=450,
        signature="0" * 64,
    )


async def _store(database: Database, second: int, file: bytes = FILE) -> str:
    manifest = _manifest(file, second)
    async with database.begin() as connection:
        await models.store(connection, manifest, file)
    return manifest.version


async def test_a_model_of_several_pieces_comes_back_byte_for_byte(database: Database) -> None:
    version = await _store(database, 0)
    async with database.read() as connection:
        assert await models.fetch(connection, version) == (_manifest(FILE), FILE)


async def test_storing_it_again_changes_nothing(database: Database) -> None:
    version = await _store(database, 0)
    assert await _store(database, 0) == version
    async with database.read() as connection:
        assert len(await models.newest(connection)) == 1
        assert (await models.fetch(connection, version))[1] == FILE


async def test_its_figures_are_in_the_table_of_metrics(database: Database) -> None:
    version = await _store(database, 0)
    async with database.read() as connection:
        row = (await connection.execute(select(metricas_modelo))).one()
    assert (row.version, row.accuracy, row.covered_precision) == (version, 0.91, None)
    assert (row.samples, row.metrics["per_intent"]["saludo"]["rows"]) == (450, 9)


async def test_a_file_that_is_not_the_manifests_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="SHA-256 differs"):
        async with database.begin() as connection:
            await models.store(connection, _manifest(FILE), FILE[:-1] + b"?")


async def test_a_damaged_or_missing_model_is_said_to_be_so(database: Database) -> None:
    version = await _store(database, 0)
    async with database.begin() as connection:
        await connection.execute(delete(model_chunks).where(model_chunks.c.ordinal == 1))
    async with database.read() as connection:
        with pytest.raises(ModelMissing, match="damaged"):
            await models.fetch(connection, version)
        with pytest.raises(ModelMissing, match="aprendiz models list"):
            await models.fetch(connection, "20250101T000000-00000000")


async def test_the_one_promoted_before_becomes_the_previous(database: Database) -> None:
    first, second = await _store(database, 1), await _store(database, 2)
    async with database.begin() as connection:
        assert await models.promote(connection, first, "ana") is None
        assert await models.promote(connection, second, "ana") == first
        assert await models.alias(connection, CHAMPION) == second
        assert await models.alias(connection, PREVIOUS) == first
        assert (await versions.read(connection))[versions.MODEL] == 2
    async with database.read() as connection:
        listed = await models.newest(connection)
    assert [(each.manifest.version, each.aliases) for each in listed] == [
        (second, (CHAMPION,)),
        (first, (PREVIOUS,)),
    ]


async def test_promoting_the_champion_again_keeps_its_predecessor(database: Database) -> None:
    first, second = await _store(database, 1), await _store(database, 2)
    async with database.begin() as connection:
        await models.promote(connection, first, "ana")
        for _ in range(2):
            assert await models.promote(connection, second, "ana") == first


async def test_a_lease_is_one_holders_until_it_runs_out(database: Database) -> None:
    async with database.begin() as connection:
        first = await leases.acquire(connection, "training", "one", 30)
        assert first is not None
        assert await leases.acquire(connection, "training", "two", 30) is None
        await leases.renew(connection, first, 0)
    async with database.begin() as connection:
        second = await leases.acquire(connection, "training", "two", 30)
    assert second is not None
    assert second.token > first.token


async def test_a_renewed_lease_lasts_and_a_released_one_is_free(database: Database) -> None:
    async with database.begin() as connection:
        lease = await leases.acquire(connection, "training", "one", 2)
        assert lease is not None
        await leases.renew(connection, lease, 30)
    await asyncio.sleep(2.1)
    async with database.begin() as connection:
        assert await leases.acquire(connection, "training", "two", 30) is None
        await leases.release(connection, lease)
        assert await leases.acquire(connection, "training", "two", 30) is not None


async def test_who_lost_the_lease_can_neither_renew_nor_promote(database: Database) -> None:
    version = await _store(database, 0)
    async with database.begin() as connection:
        lost = await leases.acquire(connection, "training", "one", 0)
        assert lost is not None
    with pytest.raises(LeaseLost, match="no longer holds 'training'"):
        async with database.begin() as connection:
            await models.promote(connection, version, "retrainer", lost)
    async with database.begin() as connection:
        await leases.acquire(connection, "training", "two", 30)
    with pytest.raises(LeaseLost):
        async with database.begin() as connection:
            await leases.renew(connection, lost, 30)
    async with database.begin() as connection:
        await leases.release(connection, lost)
        assert await leases.acquire(connection, "training", "three", 30) is None
        assert await models.alias(connection, CHAMPION) is None


async def test_a_holder_that_asks_again_loses_what_it_began_before(database: Database) -> None:
    async with database.begin() as connection:
        before = await leases.acquire(connection, "training", "one", 30)
        again = await leases.acquire(connection, "training", "one", 30)
        assert before is not None
        assert again is not None
        await leases.confirm(connection, again)
        with pytest.raises(LeaseLost):
            await leases.confirm(connection, before)


@pytest.mark.parametrize("wrong", [{"of": "a later release"}, {"version": "../../etc"}])
async def test_a_manifest_that_this_release_cannot_read_is_no_model(
    database: Database, wrong: dict[str, str]
) -> None:
    good, bad = await _store(database, 1), await _store(database, 2)
    document = _manifest(FILE, 2).model_dump(mode="json") | wrong
    row = update(model_artifacts).where(model_artifacts.c.version == bad)
    async with database.begin() as connection:
        await connection.execute(row.values(manifest=document))
    async with database.read() as connection:
        with pytest.raises(ModelMissing, match="can't read its manifest"):
            await models.fetch(connection, bad)
        assert [each.manifest.version for each in await models.newest(connection)] == [good]


async def test_a_manifest_under_another_models_version_is_no_model(database: Database) -> None:
    good = await _store(database, 1)
    row = update(model_artifacts).where(model_artifacts.c.version == good)
    async with database.begin() as connection:
        await connection.execute(row.values(version="../elsewhere"))
    async with database.read() as connection:
        with pytest.raises(ModelMissing, match="can't read its manifest"):
            await models.fetch(connection, "../elsewhere")
