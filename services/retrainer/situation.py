"""Reads from the database what the decision needs."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from services.learning.artifact import ArtifactError, sign, unseal_kept
from services.learning.normalise import normalise
from services.retrainer.due import Situation, Standing
from services.storage import catalogue, models, samples, training
from services.storage.engine import Database
from services.storage.models import ModelMissing

_MOST = 10_000
"""New samples that are counted: so many start a training in any case."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The situation, and what a training would learn from."""

    situation: Situation
    intents: tuple[str, ...]
    critical: tuple[str, ...]
    """Those of the intents that may lose less than others."""
    champion: str | None
    """The version of the model in force; None: there is none that could be compared with."""


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
            stored = await catalogue.read(connection)
            intents = tuple(each.name for each in stored)
            seen = await training.seen_up_to(connection)
            situation = Situation(
                standing=await self._standing(champion),
                unfinished=await training.unfinished(connection),
                newest_sample=await samples.newest(connection),
                new_samples=_different(await samples.new_texts(connection, intents, seen, _MOST)),
                wanted=wanted,
                since_failure=await training.seconds_since_failure(connection),
            )
            comparable = (
                champion is not None
                and situation.standing is Standing.USABLE
                # A model that no training of ours made names another database's samples.
                and await training.learned_up_to(connection, champion) > 0
            )
        return Scene(
            situation,
            intents,
            critical=tuple(each.name for each in stored if each.critical),
            champion=champion if comparable else None,
        )

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
            unseal_kept(manifest, file, self._key)
        except ArtifactError:
            return Standing.OUTDATED
        return Standing.USABLE


def _different(texts: Sequence[str]) -> int:
    """How many texts differ in more than their spelling: the same one again teaches nothing."""
    return len({normalise(text) for text in texts})
