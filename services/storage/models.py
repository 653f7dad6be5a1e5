"""The models: every file in pieces with its signed manifest, and which one is in force."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.manifest import Manifest
from services.storage import audit, leases, versions
from services.storage.leases import Lease
from services.storage.tables import metricas_modelo, model_aliases, model_artifacts, model_chunks
from services.storage.upsert import insert_ignore, upsert

CHAMPION = "champion"
PREVIOUS = "previous"

CHUNK = 256 * 1024
"""Bytes of a piece: escaped it still fits the smallest `max_allowed_packet` in use, 1 MiB."""


class StoredModel(NamedTuple):
    """A model that is kept, and the names it goes by: champion, previous or none."""

    manifest: Manifest
    aliases: tuple[str, ...]


class ModelMissing(LookupError):
    """No model of that version is kept, or not all of its file."""


class ModelGone(ModelMissing):
    """There was such a model, but its file was pruned, is damaged, or is not for this release."""


class AnotherInForce(RuntimeError):
    """Somebody else has put a model in force meanwhile: look again, then decide."""


async def store(connection: AsyncConnection, manifest: Manifest, file: bytes) -> None:
    """Keep a model, its manifest and its figures; storing the same again changes nothing.

    Raises:
        ValueError: the manifest is not this file's.
    """
    _check(manifest, file)
    artifact = {
        "version": manifest.version,
        "digest": manifest.digest,
        "manifest": manifest.model_dump(mode="json"),
        "size": manifest.size,
        "created_at": manifest.created_at,
    }
    await insert_ignore(connection, model_artifacts, [artifact])
    for ordinal, data in enumerate(_pieces(file)):
        # One at a time: the driver would join a list of them into one statement too long to send.
        piece = {"version": manifest.version, "ordinal": ordinal, "data": data}
        await insert_ignore(connection, model_chunks, [piece])
    await insert_ignore(connection, metricas_modelo, [_figures(manifest)])


async def fetch(connection: AsyncConnection, version: str) -> tuple[Manifest, bytes]:
    """A model's manifest and file, whole. Who it was signed by is for the caller to verify.

    Raises:
        ModelMissing: it is not there, or what is there is not what the manifest says.
    """
    manifest = await _manifest(connection, version)
    query = (
        select(model_chunks.c.data)
        .where(model_chunks.c.version == version)
        .order_by(model_chunks.c.ordinal)
    )
    file = b"".join(await connection.scalars(query))
    try:
        _check(manifest, file)
    except ValueError as error:
        raise ModelGone(f"Model {version} is kept, but damaged: {error}. Train again.") from error
    return manifest, file


async def find(connection: AsyncConnection, name: str) -> StoredModel:
    """The model of a version, or the one that goes by ``champion`` or ``previous``.

    Raises:
        ModelMissing: none is kept that goes by it.
    """
    version = await alias(connection, name) if name in (CHAMPION, PREVIOUS) else name
    if version is None:
        raise ModelMissing(f"No model goes by {name!r} yet")
    named = select(model_aliases.c.alias).where(model_aliases.c.version == version)
    aliases = tuple(await connection.scalars(named.order_by(model_aliases.c.alias)))
    return StoredModel(await _manifest(connection, version), aliases)


async def alias(connection: AsyncConnection, name: str) -> str | None:
    """The version that goes by ``champion`` or ``previous``."""
    query = select(model_aliases.c.version).where(model_aliases.c.alias == name)
    return await connection.scalar(query)


async def promote(
    connection: AsyncConnection,
    version: str,
    who: str,
    lease: Lease | None = None,
    *,
    instead_of: str | None = None,
) -> str | None:
    """Put a model in force; returns the version that was before, which becomes ``previous``.

    A training passes the lease that it holds: once lost, nothing is changed. A person passes none,
    but the champion that they saw.

    Raises:
        LeaseLost: another training has taken over.
        AnotherInForce: the champion is not ``instead_of`` any more.
        ModelMissing: that model is not kept.
    """
    if lease is not None:
        await leases.confirm(connection, lease)
    await _manifest(connection, version)
    await versions.bump(connection, versions.MODEL)  # from here on one after the other
    before = await alias(connection, CHAMPION)
    if instead_of not in (None, before):
        raise AnotherInForce(f"Model {before} is in force by now, no longer {instead_of}")
    if before == version:
        return await alias(connection, PREVIOUS)
    named = [{"alias": CHAMPION, "version": version}]
    if before is not None:
        named.append({"alias": PREVIOUS, "version": before})
    await upsert(connection, model_aliases, named)
    await audit.record(connection, who, [audit.Change("model", CHAMPION, before, version)])
    return before


async def newest(connection: AsyncConnection, limit: int = 100) -> list[StoredModel]:
    """The models that are kept, newest first, without those that this release can't read."""
    named = (await connection.execute(select(model_aliases))).all()
    query = select(model_artifacts.c.version, model_artifacts.c.manifest).order_by(
        model_artifacts.c.created_at.desc(), model_artifacts.c.version.desc()
    )
    manifests = [_read(*row) for row in await connection.execute(query.limit(limit))]
    return [
        StoredModel(each, tuple(row.alias for row in named if row.version == each.version))
        for each in manifests
        if each is not None
    ]


async def forget_old(connection: AsyncConnection, keep: int) -> list[str]:
    """Drop the files of all but the newest ``keep`` models and those with an alias.

    Their figures and their trainings stay in the history. Returns the versions that went.
    """
    by_age = select(model_artifacts.c.version).order_by(model_artifacts.c.created_at.desc())
    kept = set(await connection.scalars(by_age.limit(keep)))
    kept |= set(await connection.scalars(select(model_aliases.c.version)))
    gone = [version for version in await connection.scalars(by_age) if version not in kept]
    for table in (model_chunks, model_artifacts):
        await connection.execute(delete(table).where(table.c.version.in_(gone)))
    return gone


async def _manifest(connection: AsyncConnection, version: str) -> Manifest:
    query = select(model_artifacts.c.manifest).where(model_artifacts.c.version == version)
    document = await connection.scalar(query)
    if document is None:
        raise await _missing(connection, version)
    manifest = _read(version, document)
    if manifest is None:
        raise ModelGone(f"Model {version} is kept, but this release can't read its manifest")
    return manifest


async def _missing(connection: AsyncConnection, version: str) -> ModelMissing:
    shown = "`aprendiz models list` shows which are kept"
    figures = select(metricas_modelo.c.version).where(metricas_modelo.c.version == version)
    if await connection.scalar(figures) is None:
        return ModelMissing(f"No model {version} is kept: {shown}")
    return ModelGone(f"Model {version} was pruned, its file is gone: {shown}; train a new one")


def _read(version: str, document: object) -> Manifest | None:
    """The manifest; None when it is another release's, damaged, or another version's."""
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError:
        return None
    return manifest if manifest.version == version else None


def _check(manifest: Manifest, file: bytes) -> None:
    if len(file) != manifest.size:
        raise ValueError(f"the file has {len(file)} bytes, its manifest says {manifest.size}")
    if hashlib.sha256(file).hexdigest() != manifest.digest:
        raise ValueError("the file is not the one that its manifest describes (SHA-256 differs)")


def _pieces(file: bytes) -> Iterator[bytes]:
    return (file[start : start + CHUNK] for start in range(0, len(file), CHUNK))


def _figures(manifest: Manifest) -> dict[str, object]:
    measures = manifest.measures
    main = measures.model_dump(
        include={"accuracy", "macro_f1", "ece", "threshold", "coverage", "covered_precision"}
    )
    return {
        **main,
        "version": manifest.version,
        "samples": manifest.rows,
        "metrics": measures.model_dump(mode="json"),
        "created_at": manifest.created_at,
    }
