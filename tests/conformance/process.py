"""Another process of the machine: `python -m tests.conformance.process ADDRESS LEASE ACTION ...`.

It says on standard output how far it is, and waits there to be killed.
"""

import asyncio
import os
import signal
import sys
import time

from services.runtime.broker import Broker, BrokerAway
from tests.conformance.brokers import QUEUE, message, open_broker, publish


def say(words: str) -> None:
    """One line for the test that reads along."""
    print(words, flush=True)


async def publish_and_die(broker: Broker, *names: str) -> None:
    """Be gone the moment that the broker has confirmed."""
    await publish(broker, *names)
    os.kill(os.getpid(), signal.SIGKILL)


async def publish_many(broker: Broker, prefix: str, batches: str) -> None:
    """Publish batches of ten."""
    for batch in range(int(batches)):
        names = [f"{prefix}-{batch}-{place}" for place in range(10)]
        await broker.publish([message(name) for name in names])
    say("published")


async def hold(broker: Broker, seconds: str) -> None:
    """Take one message and compute for so long, without a look at the event loop; then ack."""
    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        deliveries = await subscription.take(1)
        say("holding")
        until = time.monotonic() + float(seconds)
        while time.monotonic() < until:
            pass
        await subscription.ack(deliveries)
        say("acked")
        try:
            await subscription.take(1)
        except BrokerAway as error:
            say(f"away: {error}")


async def consume(broker: Broker) -> None:
    """Take and settle whatever comes, one at a time."""
    async with broker.subscribe(QUEUE, prefetch=1) as subscription:
        say("consuming")
        while True:
            deliveries = await subscription.take(1)
            await subscription.ack(deliveries)
            say(deliveries[0].event_id)


async def listen(broker: Broker, key: str) -> None:
    """Say what is heard under a key."""
    async with broker.listen([key]) as listener:
        say("listening")
        while True:
            for delivery in await listener.take(10):
                say(delivery.event_id)


ACTIONS = {each.__name__: each for each in (publish_and_die, publish_many, hold, consume, listen)}


async def main(address: str, lease_seconds: str, action: str, *arguments: str) -> None:
    """Do one action."""
    broker = open_broker(address, lease_seconds=float(lease_seconds))
    await broker.connect()
    await ACTIONS[action](broker, *arguments)
    await broker.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
