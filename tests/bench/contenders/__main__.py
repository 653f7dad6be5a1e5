"""Runs one contender over what waits in the first queue; prints what it took as JSON."""

import asyncio
import importlib
import json
import sys
import time

from tests.bench.contenders.shape import Arrivals


async def measure(name: str, url: str, count: int) -> dict[str, float]:
    """Seconds of wall clock and of this process's CPU until ``count`` messages made both hops."""
    contender = importlib.import_module(f"tests.bench.contenders.{name}")
    arrivals = Arrivals(count)
    wall, cpu = time.perf_counter(), time.process_time()
    await contender.run(url, arrivals)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "arrived": len(arrivals.seen),
    }


print(json.dumps(asyncio.run(measure(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
