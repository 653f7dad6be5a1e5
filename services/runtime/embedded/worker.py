"""The thread that owns the file, as the event loop sees it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from services.runtime.broker import BrokerAway
from services.runtime.embedded.file import explained, open_file
from services.runtime.embedded.routine import Job, Routine, drain
from services.runtime.embedded.store import Store

T = TypeVar("T")


class Worker:
    """A thread with the file open, from ``start`` until ``stop`` or until the file is gone."""

    def __init__(self, path: Path, lease_seconds: float) -> None:
        """Keep the settings; nothing is opened yet."""
        self._path = path
        self._lease_seconds = lease_seconds
        self._arriving: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._ending = threading.Lock()
        self._opened: Future[None] = Future()
        self._ended: Future[None] = Future()

    @property
    def ended(self) -> bool:
        """Whether the thread has left the file."""
        return self._ended.done()

    async def start(self) -> None:
        """Open the file.

        Raises:
            BrokerAway: it cannot be used; says which file, why, and what to do.
        """
        threading.Thread(target=self._live, name="embedded-broker", daemon=True).start()
        try:
            await asyncio.shield(asyncio.wrap_future(self._opened))
        except asyncio.CancelledError:
            self._arriving.put(None)
            raise

    async def stop(self) -> None:
        """Do what was asked for before, then leave the file."""
        self._arriving.put(None)
        await asyncio.shield(asyncio.wrap_future(self._ended))

    def submit(self, job: Job[T]) -> Future[T]:
        """Have a job done.

        Raises:
            BrokerAway: the thread has left the file.
        """
        with self._ending:
            if self.ended:
                raise BrokerAway(f"embedded broker {self._path} was closed: connect anew")
            self._arriving.put(job)
        return job.future

    async def run(
        self,
        operation: Callable[[Store], T],
        *,
        when: Callable[[Store], bool] | None = None,
        undo: Callable[[Store, T], None] | None = None,
    ) -> T:
        """Have something done and wait for it; ``undo`` it if the wait is cancelled too late."""
        done = self.submit(Job(operation, when))
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            if undo is not None and not done.cancel():
                done.add_done_callback(partial(self._undo, undo))
            raise

    def _undo(self, undo: Callable[[Store, T], None], done: Future[T]) -> None:
        if done.exception() is None:
            with suppress(BrokerAway):
                self.submit(Job(lambda store: undo(store, done.result())))

    def _live(self) -> None:
        """The thread, from opening the file to refusing what came too late."""
        refusal = BrokerAway(f"embedded broker {self._path} was closed")
        unserved: list[Job[Any]] = []
        try:
            with closing(open_file(self._path)) as database, explained(self._path):
                store = Store(database, self._lease_seconds)
                routine = Routine(self._path, store, self._arriving, unserved)
                self._opened.set_result(None)
                routine.follow()
        except BrokerAway as error:
            refusal = error
        finally:
            self._end(unserved, refusal)

    def _end(self, unserved: list[Job[Any]], refusal: BrokerAway) -> None:
        with self._ending:
            self._ended.set_result(None)
        if not self._opened.done():
            self._opened.set_exception(refusal)
        for job in (*unserved, *drain(self._arriving)):
            if job is not None and job.future.set_running_or_notify_cancel():
                job.future.set_exception(refusal)
