"""Reads from the database what the decision needs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from contracts.manifest import Manifest
from services.learning.artifact import ArtifactError, is_signed_by, unseal, unseal_kept
from services.learning.normalise import different
from services.retrainer.due import ChampionState, Situation
from services.retrainer.intents import can_be_known, catalogue_change, mark_of
from services.storage import catalogue, intents, models, samples, training
from services.storage.engine import Database, Transaction
from services.storage.models import ModelMissing


@dataclass(frozen=True, slots=True)
class Scene:
    """The situation, and what a training would learn from."""

    situation: Situation
    critical: tuple[str, ...]
    """The intents that may lose less than others."""
    in_force: str | None
    """The version of the model in force, whatever it is."""
    comparable: str | None
    """The same, where a new model can be compared with it; else None."""
    mark: str = ""
    """Names the set of intents that can be learned; the training notes it."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found of a champion, and the intents that it knows."""

    champion: str | None
    champion_state: ChampionState
    intents: tuple[str, ...] = ()


class Reader:
    """Reads scenes; the verdict on a champion is kept, so that its file is read once."""

    def __init__(self, database: Database, key: bytes) -> None:
        """``key`` is the signing key."""
        self._database = database
        self._key = key
        self._judged = _Judged(None, ChampionState.NONE)

    async def read(self, wanted: int, language: str) -> Scene:
        """How things stand now; ``wanted`` new samples start a training.

        In ``language`` the same text, however spelled, is one.
        """
        async with self._database.read() as connection:
            champion = await models.alias(connection, models.CHAMPION)
        judged = await self._state_of(champion)
        async with self._database.read() as connection:
            stored = await catalogue.read(connection)
            active = tuple(each.name for each in stored)
            known = await _can_be_known(connection, active, judged.intents)
            texts = await training.texts_since_last(connection)
            situation = Situation(
                champion_state=judged.champion_state,
                unfinished=await training.unfinished(connection),
                newest_sample=await samples.newest(connection),
                new_samples=0,  # counted below
                wanted=wanted,
                since_failure=await training.seconds_since_failure(connection),
                changed=catalogue_change(
                    known, judged.intents, await training.intents_seen(connection)
                ),
            )
            is_comparable = (
                champion is not None
                and situation.champion_state is ChampionState.USABLE
                # A model that no training of ours made names another database's samples.
                and await training.learned_up_to(connection, champion) > 0
            )
        # Beside the event loop, and in no transaction: ten thousand texts take a second.
        new = await asyncio.to_thread(different, texts, language)
        return Scene(
            replace(situation, new_samples=new),
            critical=tuple(each.name for each in stored if each.critical),
            in_force=champion,
            comparable=champion if is_comparable else None,
            mark=mark_of(known),
        )

    async def _state_of(self, champion: str | None) -> "_Judged":
        if self._judged.champion != champion:
            self._judged = await self._judge(champion)
        return self._judged

    async def _judge(self, champion: str | None) -> "_Judged":
        if champion is None:
            return _Judged(champion, ChampionState.NONE)
        try:
            async with self._database.read() as connection:
                manifest, file = await models.fetch(connection, champion)
        except ModelMissing:
            return _Judged(champion, ChampionState.OUTDATED)
        verdict = await asyncio.to_thread(_verdict, manifest, file, self._key)
        return _Judged(champion, verdict, manifest.intents)


def _verdict(manifest: Manifest, file: bytes, key: bytes) -> ChampionState:
    if not is_signed_by(manifest, key):
        return ChampionState.FOREIGN
    try:
        unseal(manifest, file, key)
        unseal_kept(manifest, file, key)
    except ArtifactError:
        return ChampionState.OUTDATED
    return ChampionState.USABLE


async def _can_be_known(
    connection: Transaction, active: Sequence[str], known: Sequence[str]
) -> frozenset[str]:
    new = set(active) - set(known)
    texts = await intents.counts(connection, new) if new else {}
    return can_be_known(active, known, texts)
