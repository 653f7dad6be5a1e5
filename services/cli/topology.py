"""``aprendiz topology``: the exchanges, queues and bindings on the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer
from rich import print as show

from contracts import topology
from contracts.topology import Queue, Topology
from services.opening import open_broker
from services.runtime.broker import Broker, TopologyMismatch
from services.runtime.settings import Settings, read_settings

MISSING = "missing"

app = typer.Typer(help="Check and apply the topology on the broker.", no_args_is_help=True)


@app.command()
def apply() -> None:
    """Declare everything that is missing; what is there with other arguments is named."""
    asyncio.run(_apply(read_settings()))
    show("The topology is in place.")


@app.command()
def check() -> None:
    """Look at every queue and change nothing; exit code 1 when one is missing or differs."""
    sound = asyncio.run(_check(read_settings()))
    raise typer.Exit(0 if sound else 1)


async def _apply(settings: Settings) -> None:
    async with reached(settings) as broker:
        await broker.declare(topology.build(settings.gateways))


async def _check(settings: Settings) -> bool:
    async with reached(settings) as broker:
        found = await faults(broker, settings)
        for queue in topology.build(settings.gateways).queues:
            fault = found.get(queue.name)
            show(f"{queue.name}: {fault or f'{await broker.depth(queue.name)} ready'}")
    if MISSING in found.values():
        show("Run `aprendiz topology apply`: it adds what is missing.")
    return not found


async def faults(broker: Broker, settings: Settings) -> dict[str, str]:
    """What is wrong with a shop's queues, by name: missing, or how one differs. Changes nothing."""
    queues = topology.build(settings.gateways).queues
    found = {queue.name: await _fault(broker, queue) for queue in queues}
    return {name: words for name, words in found.items() if words}


async def _fault(broker: Broker, queue: Queue) -> str | None:
    try:
        await broker.depth(queue.name)
    except TopologyMismatch:
        return MISSING
    try:
        # To declare what is there changes nothing: the broker only compares the arguments.
        await broker.declare(Topology(exchanges=(), queues=(queue,)))
    except TopologyMismatch as error:
        return error.items[queue.name]
    return None


@asynccontextmanager
async def reached(settings: Settings) -> AsyncIterator[Broker]:
    """A connection to the broker; nothing is declared."""
    broker = open_broker(settings, "cli")
    try:
        await broker.connect()
        yield broker
    finally:
        await broker.close()
