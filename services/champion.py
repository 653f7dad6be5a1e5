"""Brings the model in force from the database into this process: verified, cached, swapped in."""

import asyncio
from pathlib import Path

import structlog

from services.learning.artifact import ArtifactError, load, unseal, write
from services.learning.cache import forget
from services.learning.certifying.slot import NO_MODEL, ModelSlot
from services.learning.student import LinearStudent
from services.storage import models
from services.storage.engine import Database
from services.storage.models import ModelMissing

log = structlog.get_logger(__name__)


class ChampionKeeper:
    """Keeps a process's slot at the champion. What cannot be used leaves the former model there."""

    def __init__(self, database: Database, slot: ModelSlot, models_dir: Path, key: bytes) -> None:
        """``models_dir`` is this machine's cache; ``key`` is the signing key."""
        self._database = database
        self._slot = slot
        self._models_dir = models_dir
        self._key = key

    async def refresh(self) -> None:
        """Have the champion in the slot, or say in ``slot.problem`` why not.

        Raises:
            DatabaseAway: it could not be asked; call again.
        """
        async with self._database.read() as connection:
            version = await models.alias(connection, models.CHAMPION)
        if version is None:
            self._slot.problem = NO_MODEL
        elif self._slot.student is not None and self._slot.student.version == version:
            self._slot.problem = None
        else:
            await self._bring(version)

    async def _bring(self, version: str) -> None:
        try:
            student = await self._cached(version) or await self._fetched(version)
        except (ArtifactError, ModelMissing) as error:
            self._slot.problem = str(error)
            log.warning("model not taken, the former one stays", model=version, why=str(error))
            return
        self._slot.swap(student)
        log.info("model in force", model=version)
        await self._tidy(version)

    async def _tidy(self, version: str) -> None:
        """Forget what the cache no longer needs; a cache that can't be tidied harms nobody."""
        async with self._database.read() as connection:
            previous = await models.alias(connection, models.PREVIOUS)
            champion = await models.alias(connection, models.CHAMPION)
        used = {version, champion or version, previous or version}
        try:
            gone = await asyncio.to_thread(forget, self._models_dir, used)
        except OSError as error:
            log.warning("cache of models not tidied", folder=str(self._models_dir), why=str(error))
            return
        if gone:
            log.info("old models left the cache", models=gone)

    async def _cached(self, version: str) -> LinearStudent | None:
        folder = self._models_dir / version
        if not folder.is_dir():
            return None
        try:
            student = await asyncio.to_thread(load, folder, self._key)
        except ArtifactError as error:
            log.warning("cached model not used, it is fetched again", why=str(error))
            return None
        # A folder that was renamed holds a rightly signed model that is not the one asked for.
        return student if student.version == version else None

    async def _fetched(self, version: str) -> LinearStudent:
        async with self._database.read() as connection:
            manifest, file = await models.fetch(connection, version)
        student = await asyncio.to_thread(unseal, manifest, file, self._key)
        try:
            await asyncio.to_thread(write, manifest, file, self._models_dir / version)
        except OSError as error:
            log.warning("model not cached", folder=str(self._models_dir), why=str(error))
        return student
