"""Runs the training's process and listens to it; it never outlives its parent."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process

import structlog

from services.retrainer.order import Impossible, OnProgress, Order, Outcome, Progress, read_message

log = structlog.get_logger(__name__)

COMMAND = (sys.executable, "-m", "services.retrainer.train")
_LONGEST_LINE = 1024 * 1024
_KEPT = 4_000
"""Bytes of its standard error that are kept for the reason."""


async def carry_out(order: Order, on_progress: OnProgress) -> Outcome:
    """Run an order in a process of its own; when this is cancelled, the process is killed."""
    # A process and not a fork: a copy of a program full of threads and connections would hang.
    try:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=_LONGEST_LINE
        )
    except OSError as error:
        return Impossible(reason=f"Failed: the training's process could not be started: {error}")
    try:
        return await _listen(process, order, on_progress)
    finally:
        await _end(process)


async def _listen(process: Process, order: Order, on_progress: OnProgress) -> Outcome:
    # All three are pipes: this only tells the type checker.
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    complaint = asyncio.create_task(_tail(process.stderr))
    try:
        outcome = await _converse(process.stdin, process.stdout, order, on_progress)
        code = await process.wait()
        words = await complaint
    finally:
        complaint.cancel()
    if outcome is not None and code == 0:
        return outcome
    log.error("training process died", status=code, stderr=words)
    return Impossible(reason=_why(code, words))


async def _converse(
    stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader, order: Order, on_progress: OnProgress
) -> Outcome | None:
    """Give the order, and listen to the end; None when it ended without a result."""
    try:
        stdin.write(order.line())
        await stdin.drain()
    except ConnectionError:
        return None
    outcome: Outcome | None = None
    async for line in stdout:
        try:
            message = read_message(line)
        except ValueError:
            log.warning("training process said what nobody understands", line=line[:200])
            continue
        if isinstance(message, Progress):
            on_progress(message)
        else:
            outcome = message
    return outcome


async def _tail(stderr: asyncio.StreamReader) -> str:
    kept = b""
    while chunk := await stderr.read(_KEPT):
        kept = (kept + chunk)[-_KEPT:]
    return kept.decode(errors="replace").strip()


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _why(code: int, words: str) -> str:
    if code == -signal.SIGKILL:
        return "Failed: the training's process was killed; it may need more memory than there is."
    if code < 0:
        return f"Failed: the training's process was ended by {signal.Signals(-code).name}."
    last = words.rsplit(os.linesep, 1)[-1] or "nothing was said"
    return f"Failed: the training's process ended with status {code}: {last}"
