"""The two-hop pipeline of our runtime beside FastStream and two aio-pika loops.

``python -m tests.bench.pipeline [--messages 3000] [--rounds 5]`` starts a private RabbitMQ, takes
the contenders in turn and prints medians: messages/s, worker CPU per message, ratios to FastStream.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from contracts import topology
from contracts.envelope import originate
from contracts.events import Contact, MessageReceived
from infra.servers.session import REPOSITORY, SessionServers
from services.runtime.batch import outgoing
from services.runtime.broker import Outgoing
from services.runtime.rabbitmq import RabbitBroker

CONTENDERS = ("ours", "fast_stream", "naive", "gathering")
BASE = "fast_stream"
CHUNK = 256
SERVERS = REPOSITORY / ".test-servers"


def message(number: int) -> Outgoing:
    """One customer's message."""
    event = MessageReceived(
        conversation_id=f"conversation-{number}",
        contact=Contact(id=f"contact-{number}", phone="+5215512345678", name="Ana"),
        gateway="simulador",
        provider_message_id=f"message-{number}",
        text="hola buenas tardes, a que hora abren hoy?",
        sent_at=datetime.now(UTC),
    )
    return outgoing(originate(event, source="/bench", given_id=str(number)))


async def load(url: str, count: int) -> None:
    """Fill the first queue."""
    broker = RabbitBroker(url)
    await broker.connect()
    await broker.declare(topology.build(["simulador"]))
    for start in range(0, count, CHUNK):
        await broker.publish([message(each) for each in range(start, min(start + CHUNK, count))])
    await broker.close()


async def left_over(url: str) -> int:
    """Messages that are still in one of the two queues."""
    broker = RabbitBroker(url)
    await broker.connect()
    depths = [await broker.depth(topology.queue_of(n)) for n in ("conversations", "classifier")]
    await broker.close()
    return sum(depths)


def measure(name: str, url: str, count: int) -> dict[str, float]:
    """Fill the queue, run one contender in a process of its own, and see that nothing was lost."""
    asyncio.run(load(url, count))
    command = [sys.executable, "-m", "tests.bench.contenders", name, url, str(count)]
    result: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    )
    if result["arrived"] != count or asyncio.run(left_over(url)):
        raise SystemExit(f"{name} lost messages or left some behind: {result}")
    return result


def report(runs: dict[str, list[dict[str, float]]], count: int) -> None:
    """Print a row a contender."""
    rate = {n: statistics.median(count / run["wall"] for run in r) for n, r in runs.items()}
    cpu = {n: statistics.median(run["cpu"] / count * 1e6 for run in r) for n, r in runs.items()}
    print("| contender | messages/s | CPU us/message | rate / FastStream | CPU / FastStream |")
    print("|---|---|---|---|---|")
    for name in runs:
        ratios = f"{rate[name] / rate[BASE]:.2f} | {cpu[name] / cpu[BASE]:.2f}"
        print(f"| {name} | {rate[name]:.0f} | {cpu[name]:.0f} | {ratios} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    servers = SessionServers(SERVERS)
    server = servers.own_rabbitmq()
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    try:
        for _ in range(options.rounds):
            for name in CONTENDERS:
                runs[name].append(measure(name, server.url, options.messages))
    finally:
        servers.close()
    report(runs, options.messages)


if __name__ == "__main__":
    main()
