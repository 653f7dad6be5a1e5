"""The outbox: what is committed is published, by one publisher at a time."""

import asyncio
import json
from collections import Counter

from services.storage import outbox, tables
from services.storage.engine import Database
from services.storage.outbox import NewRow, OutboxStore
from tests.component.counting import count
from tests.component.storage.conftest import Start

_PUBLISH = """
import asyncio, json, sys
from services.storage.engine import Database
from services.storage.outbox import OutboxStore

async def main(url, holder):
    published = []
    async with Database.open(url) as database:
        store = OutboxStore(database, holder)
        rows = await store.claim(7, 30)
        print("claimed", flush=True)
        input()
        while rows:
            published += [row.event_id for row in rows]
            await asyncio.sleep(0.005)
            await store.done([row.id for row in rows])
            rows = await store.claim(7, 30)
    print(json.dumps(published))

asyncio.run(main(*sys.argv[1:]))
"""


def _rows(*numbers: int) -> list[NewRow]:
    return [NewRow(f"event-{each}", "training.requested", b"{}" * each) for each in numbers]


async def _add(database: Database, *numbers: int) -> None:
    async with database.begin() as connection:
        await outbox.add(connection, _rows(*numbers))


async def test_rows_come_oldest_first_and_whole(database: Database) -> None:
    await _add(database, 1, 2, 3)
    claimed = await OutboxStore(database, "one").claim(2, 30)
    assert [row[1:] for row in claimed] == [tuple(row) for row in _rows(1, 2)]


async def test_a_row_of_a_transaction_that_was_rolled_back_is_never_seen(
    database: Database,
) -> None:
    async with database.read() as connection:  # a transaction that is always rolled back
        await outbox.add(connection, _rows(1))
    assert await OutboxStore(database, "one").claim(10, 30) == []


async def test_an_event_that_waits_is_not_written_twice(database: Database) -> None:
    await _add(database, 1)
    await _add(database, 1, 2)
    async with database.read() as connection:
        assert await count(connection, tables.outbox) == 2


async def test_a_claimed_row_is_nobody_elses_until_the_claim_ends(database: Database) -> None:
    await _add(database, 1, 2)
    first, second = OutboxStore(database, "one"), OutboxStore(database, "two")
    [row] = await first.claim(1, 3)
    assert [each.event_id for each in await second.claim(10, 30)] == ["event-2"]
    await asyncio.sleep(3.1)
    assert await second.claim(10, 30) == [row]


async def test_a_released_row_can_be_claimed_at_once(database: Database) -> None:
    await _add(database, 1)
    store = OutboxStore(database, "one")
    [row] = await store.claim(1, 30)
    async with database.begin() as connection:
        await outbox.release(connection, [row.id])
    assert await store.claim(1, 30) == [row]


async def test_a_published_rows_number_is_never_given_again(database: Database) -> None:
    """A slow publisher's late `done` must not delete what came after."""
    await _add(database, 1)
    store = OutboxStore(database, "one")
    [published] = await store.claim(1, 30)
    await store.done([published.id])
    await _add(database, 2)
    await store.done([published.id])
    assert [row.event_id for row in await store.claim(1, 30)] == ["event-2"]


async def test_two_processes_publish_every_row_once(
    upgraded_url: str, database: Database, start: Start
) -> None:
    await _add(database, *range(200))
    processes = [start(_PUBLISH, upgraded_url, name) for name in ("one", "two")]
    for process in processes:
        assert process.stdout
        assert await asyncio.to_thread(process.stdout.readline) == "claimed\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go on\n")
        process.stdin.flush()
    published: list[list[str]] = []
    for process in processes:
        said, _ = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0, said
        published.append(json.loads(said))
    counts = Counter(published[0] + published[1])
    assert counts == {f"event-{number}": 1 for number in range(200)}
