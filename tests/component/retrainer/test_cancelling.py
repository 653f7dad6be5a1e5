"""A training is cancelled: before it runs, while it runs, and when it has just ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from services.retrainer import child
from services.retrainer.order import Better, Impossible, OnProgress, Order, Outcome
from services.storage import models, training
from services.storage.engine import Database
from services.storage.outbox import OutboxStore
from services.storage.training import State, Training, TrainingEnded
from tests.component.retrainer.conftest import Shop, at_once, learner_of, wish


async def cancel(database: Database, training_id: str) -> bool:
    async with database.begin() as connection:
        return await training.cancel(connection, training_id, "ana")


async def only(shop: Shop) -> Training:
    [found] = await shop.history()
    return found


async def test_a_training_that_waits_is_never_begun(shop: Shop) -> None:
    await shop.look()
    await shop.take(wish())
    assert await cancel(shop.database, "wish-1")
    assert not await shop.look()
    newest = (await shop.history())[0]
    assert (newest.state, newest.reason) == (State.CANCELLED, "Cancelled by ana.")
    assert newest.finished_at is not None
    await shop.take(wish())
    assert not await shop.look(), "a wish that comes again stays cancelled"


async def test_a_training_that_runs_is_ended_within_about_a_second(shop: Shop) -> None:
    await shop.take(wish())
    async with _stalled(shop) as (looking, process):
        assert await cancel(shop.database, "wish-1")
        assert await asyncio.wait_for(looking, 3)
        assert not process.is_running()
    ended = await only(shop)
    assert (ended.state, ended.reason) == (State.CANCELLED, "Cancelled by ana.")
    assert ended.details["begun"] == "requested"
    assert await shop.champion() is None


async def test_the_retrainer_that_cancelled_takes_the_next_wish(shop: Shop) -> None:
    await shop.take(wish())
    async with _stalled(shop) as (looking, _):
        await cancel(shop.database, "wish-1")
        await looking
    await shop.take(wish("wish-2"))
    assert await shop.look()
    assert await shop.champion()


async def test_a_shop_without_a_model_does_not_begin_again_at_once(shop: Shop) -> None:
    async def meanwhile(order: Order, on_progress: OnProgress) -> Outcome:
        await cancel(shop.database, (await only(shop)).training_id)
        return await at_once(order, on_progress)

    assert await shop.look(meanwhile)
    assert (await only(shop)).state == State.CANCELLED
    assert not await shop.look()


async def test_what_a_cancelled_wish_had_seen_starts_no_training_by_itself(shop: Shop) -> None:
    async def meanwhile(order: Order, on_progress: OnProgress) -> Outcome:
        await cancel(shop.database, "wish-1")
        return await at_once(order, on_progress)

    await shop.look()
    await shop.take_samples(shop.alike(60), "new")
    await shop.take(wish())
    assert await shop.look(meanwhile)
    assert (await shop.history())[0].state == State.CANCELLED
    assert not await shop.look()


async def test_a_model_that_was_ready_when_it_was_cancelled_is_not_put_in_force(
    shop: Shop,
) -> None:
    async def too_late(order: Order, on_progress: OnProgress) -> Outcome:
        learned = await at_once(order, on_progress)
        assert isinstance(learned, Better)
        await cancel(shop.database, "wish-1")
        return learned

    await shop.take(wish())
    assert await shop.look(too_late)
    assert (await only(shop)).state == State.CANCELLED
    assert await shop.champion() is None
    async with shop.database.read() as connection:
        assert await models.newest(connection) == []
    assert await OutboxStore(shop.database, "test").claim(10, 30) == []


async def test_what_has_ended_cannot_be_cancelled(shop: Shop) -> None:
    async def broken(_order: Order, _on_progress: OnProgress) -> Outcome:
        return Impossible(reason="Failed: a rehearsal.")

    await shop.take(wish())
    await shop.look(broken)
    assert not await cancel(shop.database, "wish-1")
    assert (await only(shop)).state == State.FAILED
    assert not await cancel(shop.database, "nobody knows it")


async def test_one_whose_retrainer_died_is_cancelled_at_once(shop: Shop) -> None:
    async with shop.database.begin() as connection:
        await training.begin(connection, training.Request("orphan", "ana"), 1, {"attempts": 1})
    assert await cancel(shop.database, "orphan")
    assert not await shop.look()


async def test_nothing_is_written_of_a_cancelled_training(shop: Shop) -> None:
    await shop.take(wish())
    await cancel(shop.database, "wish-1")
    async with shop.database.begin() as connection:
        with pytest.raises(TrainingEnded, match="wish-1"):
            await training.begin(connection, training.Request("wish-1", "ana"), 1, {})
        with pytest.raises(TrainingEnded):
            await training.note(connection, "wish-1", {"progress": 0.5})
        with pytest.raises(TrainingEnded):
            await training.give_back(connection, "wish-1", {})
    assert (await only(shop)).state == State.CANCELLED


@asynccontextmanager
async def _stalled(shop: Shop) -> AsyncIterator[tuple[asyncio.Task[bool], psutil.Process]]:
    """A retrainer whose training's process is stopped in the middle: it never ends by itself."""
    looking = asyncio.create_task(shop.look(child.carry_out))
    process = await learner_of(psutil.Process())
    process.suspend()
    try:
        yield looking, process
    finally:
        await looking
