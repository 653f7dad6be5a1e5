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
    async with _broker(settings) as broker:
        await broker.declare(topology.build(settings.gateways))


async def _check(settings: Settings) -> bool:
    async with _broker(settings) as broker:
        queues = topology.build(settings.gateways).queues
        return all([await _is_sound(broker, queue) for queue in queues])


async def _is_sound(broker: Broker, queue: Queue) -> bool:
    try:
        depth = await broker.depth(queue.name)
    except TopologyMismatch:
        show(f"{queue.name}: missing; run `aprendiz topology apply`")
        return False
    try:
        # To declare what is there changes nothing: the broker only compares the arguments.
        await broker.declare(Topology(exchanges=(), queues=(queue,)))
    except TopologyMismatch as error:
        show(f"{queue.name}: {error.items[queue.name]}")
        return False
    show(f"{queue.name}: {depth} ready")
    return True


@asynccontextmanager
async def _broker(settings: Settings) -> AsyncIterator[Broker]:
    broker = open_broker(settings, "cli")
    try:
        await broker.connect()
        yield broker
    finally:
        await broker.close()
