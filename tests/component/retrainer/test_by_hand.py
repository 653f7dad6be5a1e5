"""A person puts a model in force, or takes it back; samples that made it don't bring it back."""

import pytest

from services.retrainer.by_hand import NotPromoted, promote, roll_back
from services.storage import models
from tests.component.retrainer.conftest import KEY, Shop


async def two_models(shop: Shop) -> tuple[str, str]:
    """The first model, and the one that fifty samples made."""
    await shop.look()
    first = await shop.champion()
    await shop.take_samples(shop.alike(60), "s")
    await shop.look()
    second = await shop.champion()
    assert first is not None
    assert second is not None
    assert first != second
    return first, second


async def test_a_rollback_lasts_until_new_samples_come(shop: Shop) -> None:
    first, second = await two_models(shop)
    assert await roll_back(shop.database, KEY, "ana") == first
    assert await shop.champion() == first
    assert not await shop.look(), "the samples that made the second model start no training"
    async with shop.database.read() as connection:
        assert await models.alias(connection, models.PREVIOUS) == second


async def test_a_kept_model_is_promoted_by_its_version(shop: Shop) -> None:
    first, second = await two_models(shop)
    assert await promote(shop.database, KEY, first, "ana") == second
    assert await shop.champion() == first


async def test_what_cannot_be_used_is_refused_and_nothing_changes(shop: Shop) -> None:
    await shop.look()
    champion = await shop.champion()
    assert champion is not None
    with pytest.raises(NotPromoted, match="nothing to go back to"):
        await roll_back(shop.database, KEY, "ana")
    with pytest.raises(NotPromoted, match="is in force already"):
        await promote(shop.database, KEY, champion, "ana")
    with pytest.raises(NotPromoted, match="No model 20200101T000000-00000000 is kept"):
        await promote(shop.database, KEY, "20200101T000000-00000000", "ana")
    with pytest.raises(NotPromoted, match="APRENDIZ_SECRET_KEY"):
        await promote(shop.database, b"another key", champion, "ana")
    assert await shop.champion() == champion
