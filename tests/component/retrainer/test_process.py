"""The training's process: it ends with its parent, and nothing of it is lost or done twice."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import text

from infra.servers.ports import free_port
from services.retrainer import child
from services.retrainer.order import Impossible, OnProgress, Order, Outcome, Progress
from services.storage import training
from services.storage.training import State
from tests.component.retrainer.conftest import KEY, Shop, learner_of, wish

PARENT = """
import asyncio, json, sys
from pathlib import Path
from prometheus_client import CollectorRegistry
from services.retrainer.metrics import TrainingMetrics
from services.retrainer.steering import Steering
from services.retrainer.trainings import Trainings
from services.runtime.live import LiveSettings
from services.storage.engine import Database

async def main(url, key, models_dir):
    async with Database.open(url) as database:
        await Trainings(
            database, bytes.fromhex(key), Path(models_dir), lease_seconds=2,
            steering=Steering(LiveSettings), wake_outbox=lambda: None,
            metrics=TrainingMetrics(CollectorRegistry()),
        ).run(asyncio.Event())

asyncio.run(main(*json.loads(sys.argv[1])))
"""


async def test_a_training_in_a_process_of_its_own_promotes(shop: Shop) -> None:
    assert await shop.look(child.carry_out)
    [made] = await shop.history()
    assert (made.state, made.version) == (State.PROMOTED, await shop.champion())


async def test_kill_9_of_a_retrainer_ends_its_training_which_another_takes_over(
    shop: Shop,
) -> None:
    url = shop.database.url.render_as_string(hide_password=False)
    with _running("-c", PARENT, json.dumps([url, KEY.hex(), str(shop.models_dir)])) as parent:
        learning = await learner_of(psutil.Process(parent.pid))
        parent.kill()
        _, alive = psutil.wait_procs([learning], timeout=10)
    assert not alive
    assert await shop.champion() is None
    [orphan] = await shop.history()
    assert (orphan.state, orphan.details["attempts"]) == (State.RUNNING, 1)
    async with asyncio.timeout(20):
        while True:
            if await shop.look():
                break
            await asyncio.sleep(0.1)
    [made] = await shop.history()
    assert (made.training_id, made.state) == (orphan.training_id, State.PROMOTED)
    assert made.details["attempts"] == 2


def order_to(database_url: str, models_dir: Path) -> Order:
    return Order(
        database_url=database_url, key=KEY.hex(), models_dir=models_dir, up_to=1,
        comparable=None, critical=(), decided=(), target=0.95, language="es", evidence_days=90,
        evidence_rows=2_000,
    )  # fmt: skip


async def test_a_process_in_the_middle_of_its_work_ends_when_its_standard_input_closes(
    tmp_path: Path,
) -> None:
    """It waits for a database that says nothing, which alone would take it ten seconds."""
    silent = await asyncio.start_server(_say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    order = order_to(f"mysql://nobody@127.0.0.1:{port}/nothing", tmp_path)
    with _running("-m", "services.retrainer.train") as process:
        assert process.stdin
        process.stdin.write(order.line())
        process.stdin.flush()
        await _connected(process.pid)
        process.stdin.close()
        assert await asyncio.to_thread(process.wait, 5) == 3
    silent.close()


async def test_an_away_database_is_no_failure_of_the_training(tmp_path: Path) -> None:
    order = order_to(f"mysql://nobody@127.0.0.1:{free_port()}/nothing", tmp_path)
    outcome = await child.carry_out(order, lambda _: None)
    assert outcome.kind == "away"


async def test_a_killed_process_is_a_failure_and_not_tried_again_at_once(shop: Shop) -> None:
    looking = asyncio.create_task(shop.look(child.carry_out))
    (await learner_of(psutil.Process())).kill()
    assert await looking
    [failed] = await shop.history()
    assert failed.state == State.FAILED
    assert "memory" in (failed.reason or "")
    assert not await shop.look()
    await shop.take(wish())
    assert await shop.look(), "a wish is tried at once"
    assert await shop.champion()


async def test_a_retrainer_that_stops_leaves_its_training_to_another(shop: Shop) -> None:
    looking = asyncio.create_task(shop.look(child.carry_out))
    learning = await learner_of(psutil.Process())
    shop.stop.set()
    assert await looking
    assert not learning.is_running()
    [left] = await shop.history()
    assert (left.state, left.details["attempts"]) == (State.REQUESTED, 0)
    shop.stop.clear()
    assert await shop.look()
    [made] = await shop.history()
    assert (made.training_id, made.state) == (left.training_id, State.PROMOTED)


async def test_who_lost_the_lease_ends_its_process_and_promotes_nothing(shop: Shop) -> None:
    slow = shop.retrainer(child.carry_out, lease_seconds=3)
    looking = asyncio.create_task(slow.do_next(shop.stop))
    learning = await learner_of(psutil.Process())
    async with shop.database.begin() as connection:
        await connection.execute(text("UPDATE leases SET holder = 'thief', token = token + 1"))
    await looking
    assert not learning.is_running()
    assert await shop.champion() is None
    assert [each.state for each in await shop.history()] == [State.RUNNING]


async def test_progress_can_be_read_while_it_runs(shop: Shop) -> None:
    """What `aprendiz train` shows: the rows are polled by the training's id."""
    seen = asyncio.Event()

    async def half(order: Order, on_progress: OnProgress) -> Outcome:
        on_progress(Progress(stage="half", share=0.5))
        await seen.wait()
        return Impossible(reason="Failed: it was only a rehearsal.")

    await shop.take(wish())
    looking = asyncio.create_task(shop.look(half))
    async with asyncio.timeout(20):
        expected = (State.RUNNING, "half", 0.5)
        while await _progress(shop) != expected:  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.02)
    seen.set()
    assert await looking


async def _progress(shop: Shop) -> tuple[str, str | None, float | None]:
    async with shop.database.read() as connection:
        found = await training.get(connection, "wish-1")
    assert found
    return found.state, found.details.get("stage"), found.details.get("progress")


@contextmanager
def _running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *arguments], stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdin and not process.stdin.closed:
            process.stdin.close()


async def _connected(pid: int) -> None:
    async with asyncio.timeout(20):
        while True:
            if psutil.Process(pid).net_connections("tcp"):
                return
            await asyncio.sleep(0.02)


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()
