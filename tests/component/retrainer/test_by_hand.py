"""A person puts a model in force, or takes it back; samples that made it don't bring it back."""

import asyncio

import pytest
from sqlalchemy import delete, select

from services.learning.certifying.trust import GradedCount, Policy, Standing
from services.panel.by_hand import NotPromoted, Promotion, promote, roll_back
from services.retrainer.order import OnProgress, Order, Outcome
from services.retrainer.standing import after_choice
from services.storage import certificates, models, tables, versions
from services.storage.engine import Database
from services.storage.tables import auditoria, model_artifacts, model_chunks
from services.storage.training import State
from tests.component.counting import count
from tests.component.retrainer.conftest import KEY, Shop, at_once, wish
from tests.component.retrainer.test_looks import looks_of


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
    assert (await roll_back(shop.database, KEY, "ana")).version == first
    assert await shop.champion() == first
    assert not await shop.look(), "the samples that made the second model start no training"
    async with shop.database.read() as connection:
        assert await models.alias(connection, models.PREVIOUS) == second


async def test_what_came_before_the_rollback_starts_nothing_and_fifty_after_it_do(
    shop: Shop,
) -> None:
    await two_models(shop)
    late = shop.alike(160)[60:]
    await shop.take_samples(late[:49], "before")
    await roll_back(shop.database, KEY, "ana")
    await shop.take_samples(late[49:50], "after")
    assert not await shop.look(), "49 of these 50 came before the rollback"
    await shop.take_samples(late[50:], "after-that")
    assert await shop.look()
    assert (await shop.history())[0].details["begun"] == "51 new samples"


async def test_who_asks_gets_a_training_after_a_rollback(shop: Shop) -> None:
    await two_models(shop)
    await roll_back(shop.database, KEY, "ana")
    await shop.take(wish("later"))
    assert await shop.look()
    assert (await shop.history())[0].training_id == "later"


async def test_trainings_that_were_to_replace_the_other_model_end(shop: Shop) -> None:
    first, second = await two_models(shop)
    await shop.take(wish("earlier"))
    done = await roll_back(shop.database, KEY, "cli:ana")
    assert done == Promotion(first, second, ("earlier",))
    assert not await shop.look()
    found = {each.training_id: each for each in await shop.history()}
    assert found["earlier"].reason == f"Cancelled by cli:ana, who put {first} in force."


async def test_a_training_that_runs_meanwhile_does_not_bring_it_back(shop: Shop) -> None:
    first, _ = await two_models(shop)
    await shop.take(wish("running"))

    async def meanwhile(order: Order, on_progress: OnProgress) -> Outcome:
        learned = await at_once(order, on_progress)
        await roll_back(shop.database, KEY, "ana")
        return learned

    assert await shop.look(meanwhile)
    assert await shop.champion() == first


async def test_one_that_was_about_to_begin_does_not_either(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found to be due, it still has work to do before its row shows that it runs."""
    first, _ = await two_models(shop)
    await shop.take_samples(shop.alike(160)[60:120], "more")

    async def meanwhile(database: Database, _language: str) -> None:
        if await shop.champion() != first:
            await roll_back(database, KEY, "ana")

    monkeypatch.setattr("services.retrainer.trainings.release_confirmed", meanwhile)
    assert await shop.look()
    assert await shop.champion() == first
    assert not await shop.look()


async def test_a_model_put_in_force_by_whom_the_training_did_not_see_stays(shop: Shop) -> None:
    first, second = await two_models(shop)
    await shop.take_samples(shop.alike(160)[60:120], "more")

    async def meanwhile(order: Order, on_progress: OnProgress) -> Outcome:
        learned = await at_once(order, on_progress)
        async with shop.database.begin() as connection:
            await models.promote(connection, first, "another program")
        return learned

    assert await shop.look(meanwhile)
    assert await shop.champion() == first
    [ended, *_] = await shop.history()
    assert (ended.state, ended.reason) == (
        State.CANCELLED, f"Model {first} is in force by now, no longer {second}",
    )  # fmt: skip


async def test_it_is_in_the_history_and_told_to_every_process(shop: Shop) -> None:
    first, second = await two_models(shop)
    async with shop.database.read() as connection:
        version = (await versions.read(connection))[versions.MODEL]
        told = await count(connection, tables.outbox)
    await roll_back(shop.database, KEY, "cli:ana")
    [newest, *_] = await shop.history()
    assert (newest.state, newest.requested_by, newest.version) == ("chosen", "cli:ana", first)
    assert newest.reason == f"Put in force by hand instead of {second}."
    async with shop.database.read() as connection:
        assert (await versions.read(connection))[versions.MODEL] == version + 1
        assert await count(connection, tables.outbox) == told + 1
        change = await connection.execute(select(auditoria).order_by(auditoria.c.id.desc()))
    row = change.first()
    assert row is not None
    assert (row.who, row.what, row.before, row.after) == ("cli:ana", "model", second, first)


async def test_a_second_rollback_goes_forward_again(shop: Shop) -> None:
    _, second = await two_models(shop)
    for _ in range(2):
        await roll_back(shop.database, KEY, "ana")
    assert await shop.champion() == second


async def test_of_two_people_at_once_one_is_told_so(shop: Shop) -> None:
    await two_models(shop)
    both = (roll_back(shop.database, KEY, name) for name in ("ana", "eva"))
    done = await asyncio.gather(*both, return_exceptions=True)
    refused = [each for each in done if isinstance(each, BaseException)]
    # One who came only after the other had ended goes forward again; nobody is lied to.
    assert all(isinstance(each, NotPromoted) for each in refused)
    assert len(refused) < 2


async def test_a_model_whose_file_was_pruned_or_damaged_is_refused(shop: Shop) -> None:
    first, second = await two_models(shop)
    async with shop.database.begin() as connection:
        await connection.execute(delete(model_chunks).where(model_chunks.c.version == first))
    with pytest.raises(NotPromoted, match="damaged"):
        await roll_back(shop.database, KEY, "ana")
    async with shop.database.begin() as connection:
        await connection.execute(delete(model_artifacts).where(model_artifacts.c.version == first))
    with pytest.raises(NotPromoted, match="was pruned, its file is gone"):
        await roll_back(shop.database, KEY, "ana")
    assert await shop.champion() == second


async def test_a_kept_model_is_promoted_by_its_version(shop: Shop) -> None:
    first, second = await two_models(shop)
    assert (await promote(shop.database, KEY, first, "ana")).before == second
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
    assert await shop.champion() == champion


async def test_a_model_of_another_key_or_other_libraries_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = await two_models(shop)
    with pytest.raises(NotPromoted, match="APRENDIZ_SECRET_KEY"):
        await roll_back(shop.database, b"another key", "ana")
    monkeypatch.setattr("services.learning.artifact.installed", lambda _: "0.1")
    with pytest.raises(NotPromoted, match=r"snowballstemmer .*, this is 0\.1"):
        await roll_back(shop.database, KEY, "ana")
    assert await shop.champion() == second


async def test_the_threshold_of_the_restored_model_is_in_force_again(shop: Shop) -> None:
    """What was chosen, or certified, for the one that was rolled back is not its own."""
    first, _ = await two_models(shop)
    async with shop.database.begin() as connection:
        newest, oldest = await certificates.history(connection)
        # As if the two needed different thresholds, and a lower one had been certified since.
        lower = newest._replace(cause="look", state="certified", certified=0.3, provisional=0.2)
        await certificates.add(connection, lower)
    await roll_back(shop.database, KEY, "ana")
    told = shop.outbox_woken
    assert await looks_of(shop, "one").look() is None
    assert shop.outbox_woken == told + 1
    async with shop.database.read() as connection:
        [stored, *_] = await certificates.history(connection)
    assert (stored.cause, stored.model_version) == ("promotion", first)
    assert stored.provisional == oldest.provisional
    assert (stored.state, stored.certified) == ("unproven", None)
    assert "the certificate lapsed" in stored.why
    await looks_of(shop, "one").look()
    async with shop.database.read() as connection:
        assert len(await certificates.history(connection)) == 4


def test_a_model_of_which_nothing_is_known_keeps_the_threshold_in_force() -> None:
    policy, graded = Policy(), GradedCount(0, 0)
    unsure = Standing(provisional=0.93)
    assert after_choice(unsure, None, policy, graded).provisional == 0.93
    assert after_choice(unsure, 0.71, policy, graded).provisional == 0.71
    assert after_choice(Standing(), None, policy, graded).provisional == policy.threshold
