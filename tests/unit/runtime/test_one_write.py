"""What is written close together leaves together, in order, and never waits without a reason."""

import asyncio
import time

from services.runtime.one_write import FULL, LONGEST, OneWrite


class Wire(asyncio.Transport):
    """Keeps what each system call would have sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def write_eof(self) -> None:
        self.sent.append(b"the end")

    def close(self) -> None:
        self.sent.append(b"closed")

    def is_closing(self) -> bool:
        return True  # there is nothing to hang up


def writer(wire: Wire) -> OneWrite:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    protocol.connection_made(wire)
    return OneWrite(wire, protocol, reader, loop)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_successive_turns_write_leaves_in_one_call() -> None:
    wire = Wire()
    out = writer(wire)
    for frame in (b"one ", b"two ", b"three"):
        out.write(frame)
        await asyncio.sleep(0)
    await turns(2)
    assert wire.sent == [b"one two three"]


async def test_a_turn_without_a_write_ends_the_gathering() -> None:
    wire = Wire()
    out = writer(wire)
    out.write(b"one")
    await turns(3)
    out.write(b"two")
    await turns(3)
    assert wire.sent == [b"one", b"two"]


async def test_who_waits_for_the_peer_sends_at_once() -> None:
    wire = Wire()
    out = writer(wire)
    out.write(b"one ")
    out.write(b"two")
    await out.drain()
    assert wire.sent == [b"one two"]
    await turns(3)
    assert wire.sent == [b"one two"]


async def test_a_full_gathering_waits_for_no_more() -> None:
    wire = Wire()
    out = writer(wire)
    for _ in range(4):
        out.write(b"x" * (FULL // 2))
        await asyncio.sleep(0)
    await turns(3)
    assert [len(call) for call in wire.sent] == [FULL, FULL]


async def test_no_write_waits_long_where_each_turn_brings_another() -> None:
    wire = Wire()
    out = writer(wire)
    for _ in range(20):
        out.write(b"x")
        await asyncio.sleep(0)
        time.sleep(LONGEST / 4)  # noqa: ASYNC251 - the work of a turn
    assert len(wire.sent) >= 3


async def test_the_end_comes_after_what_is_gathered() -> None:
    wire = Wire()
    out = writer(wire)
    out.write(b"one")
    out.write_eof()
    out.write(b"two")
    out.close()
    assert wire.sent == [b"one", b"the end", b"two", b"closed"]
