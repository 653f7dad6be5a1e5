"""Several processes serve the same conversations, and each turn opens once, in order."""

import asyncio
import random
from collections.abc import Iterator
from itertools import pairwise

from contracts.envelope import Envelope
from contracts.events import Event, TurnReady
from services.storage import tables
from services.storage.engine import Database
from services.storage.migrate import upgrade
from tests.component.conversations.desk import SHOP, Desk, reply, statements_noted, wrote

CONVERSATIONS = [f"c{number}" for number in range(6)]
MESSAGES = 40


def batches(seed: int) -> Iterator[list[Envelope[Event]]]:
    """The same messages for every seed, in another order and in other batches."""
    everything = [
        wrote(
            f"{conversation} {number}",
            f"{conversation}-{number}",
            conversation=conversation,
            gateway=SHOP,
        )
        for conversation in CONVERSATIONS
        for number in range(MESSAGES)
    ]
    chance = random.Random(seed)
    chance.shuffle(everything)
    while everything:
        size = chance.randint(1, 24)
        yield everything[:size]
        del everything[:size]


async def customers(desk: Desk, seed: int) -> None:
    for batch in batches(seed):
        await desk.handle(*batch)


async def answers(desk: Desk, seen: set[str], done: asyncio.Event) -> None:
    """Answer every turn that is released, until there is nothing more to come."""
    while not (done.is_set() and await _rests(desk)):
        fresh: list[TurnReady] = [t for t in await desk.published() if t.turn_id not in seen]
        seen.update(turn.turn_id for turn in fresh)
        if fresh:
            await desk.handle(*map(reply, fresh))
        await asyncio.sleep(0.01)


async def _rests(desk: Desk) -> bool:
    return all(turn.state == "answered" for turn in await desk.rows(tables.turns))


async def test_two_processes_that_get_every_message_open_each_turn_once_and_in_order(
    database_url: str,
) -> None:
    await upgrade(database_url)
    stop, done = asyncio.Event(), asyncio.Event()
    async with Database.open(database_url) as one, Database.open(database_url) as two:
        first, second = (Desk(each, turno_ventana_segundos=0.02) for each in (one, two))
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            clocks = [tasks.create_task(desk.clock(stop)) for desk in (first, second)]
            answering = tasks.create_task(answers(second, set(), done))
            await asyncio.gather(customers(first, 1), customers(second, 2))
            done.set()
            await answering
            stop.set()
            await asyncio.gather(*clocks)
        await _everything_happened_once(first)


async def _everything_happened_once(desk: Desk) -> None:
    ready = await desk.published()
    gathered = [message.id for turn in ready for message in turn.messages]
    assert len(gathered) == len(set(gathered)) == len(CONVERSATIONS) * MESSAGES
    assert len({turn.turn_id for turn in ready}) == len(ready)
    for conversation in CONVERSATIONS:
        turns = await desk.turns(conversation)
        assert [turn.ordinal for turn in turns] == list(range(1, len(turns) + 1))
        for before, after in pairwise(turns):
            assert before.closed_at <= after.opened_at


async def test_two_clocks_release_a_turn_once(database_url: str) -> None:
    await upgrade(database_url)
    async with Database.open(database_url) as one, Database.open(database_url) as two:
        desks = [Desk(each, turno_ventana_segundos=0.1) for each in (one, two)]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for desk in desks:
                tasks.create_task(desk.clock(stop))
            await desks[0].handle(
                *(wrote("hola", f"m{n}", conversation=f"c{n}", gateway=SHOP) for n in range(30))
            )
            await asyncio.sleep(1.2)
            stop.set()
        assert len(await desks[0].published()) == 30
        assert sum(desk.counted("turns_released") for desk in desks) == 30


async def test_at_rest_the_clock_looks_about_once_a_second(database_url: str) -> None:
    await upgrade(database_url)
    async with Database.open(database_url) as database:
        desk, stop = Desk(database), asyncio.Event()
        await desk.handle(wrote("hola", "m1"))
        with statements_noted() as statements:
            clock = asyncio.create_task(desk.clock(stop))
            await asyncio.sleep(2.5)
            stop.set()
            await clock
    looks = [each for each in statements if "turns.release_at" in each]
    assert 2 <= len(looks) <= 4
    assert len(statements) <= 4 * len(looks)
