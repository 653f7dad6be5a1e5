"""Reads from the database what the decision needs."""

import hmac
from dataclasses import dataclass

from services.learning.artifact import ArtifactError, sign, verify
from services.retrainer.due import Situation, Standing
from services.storage import catalogue, models, training
from services.storage.engine import Database
from services.storage.models import ModelMissing


@dataclass(frozen=True, slots=True)
class Scene:
    """The situation, and what a training would learn from."""

    situation: Situation
    intents: tuple[str, ...]
    known_up_to: int | None
    """The newest sample that the champion learned from; None: it is nothing to compare with."""


class Reader:
    """Reads scenes; the verdict on a champion is kept, so that its file is read once."""

    def __init__(self, database: Database, key: bytes) -> None:
        """``key`` is the signing key."""
        self._database = database
        self._key = key
        self._judged: tuple[str | None, Standing] = (None, Standing.NONE)

    async def read(self, wanted: int) -> Scene:
        """How things stand now; ``wanted`` new samples start a training."""
        async with self._database.read() as connection:
            champion = await models.alias(connection, models.CHAMPION)
            intents = tuple(each.name for each in await catalogue.read(connection))
            seen = await training.seen_up_to(connection, champion)
            situation = Situation(
                standing=await self._standing(champion),
                unfinished=await training.unfinished(connection),
                newest_sample=await training.newest_sample(connection),
                new_samples=await training.count_new(connection, intents, seen),
                wanted=wanted,
                since_failure=await training.seconds_since_failure(connection),
            )
            known_up_to = None
            if champion is not None and situation.standing is Standing.USABLE:
                # A model that no training of ours made has no known rows: nothing to compare.
                known_up_to = await training.learned_up_to(connection, champion) or None
        return Scene(situation, intents, known_up_to)

    async def _standing(self, champion: str | None) -> Standing:
        if self._judged[0] != champion:
            self._judged = (champion, await self._judge(champion))
        return self._judged[1]

    async def _judge(self, champion: str | None) -> Standing:
        if champion is None:
            return Standing.NONE
        try:
            async with self._database.read() as connection:
                manifest, file = await models.fetch(connection, champion)
        except ModelMissing:
            return Standing.OUTDATED
        ours = sign(manifest, self._key).signature
        if not hmac.compare_digest(ours, manifest.signature):
            return Standing.FOREIGN
        try:
            verify(manifest, file, self._key)
        except ArtifactError:
            return Standing.OUTDATED
        return Standing.USABLE
