"""A consumer as its own process: `python -m tests.component.runtime.process ADDRESS POISON`.

The poison kills it from inside its handler, as a crash in a library would.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from contracts.envelope import Envelope
from services.runtime.batch import Result
from tests.component.runtime.worker import Worker, cause_one, name_of
from tests.conformance.brokers import open_broker

LEASE_SECONDS = 0.5


async def main(address: str, poison: str) -> None:
    """Consume until killed."""

    async def handle(batch: Sequence[Envelope[Any]]) -> list[Result]:
        if poison in map(name_of, batch):
            os.kill(os.getpid(), signal.SIGKILL)
        return await cause_one(batch)

    broker = open_broker(address, lease_seconds=LEASE_SECONDS)
    async with Worker(broker, handle) as worker:
        await worker.task


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
