"""What the file's thread does over and over: serve jobs in groups, renew leases, do chores."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import structlog

from services.runtime.broker import BrokerAway
from services.runtime.embedded.file import explained
from services.runtime.embedded.store import Store

T = TypeVar("T")

POLL_SECONDS = 0.02
"""How often a process that waits looks whether another one wrote."""
CHORES_SECONDS = 0.25
"""How often it looks whether something has expired."""

log = structlog.get_logger(__name__)


class Job(Generic[T]):
    """Something to do in the thread, once ``when`` holds; its future tells how it went."""

    def __init__(
        self, operation: Callable[[Store], T], when: Callable[[Store], bool] | None = None
    ) -> None:
        """Operations run inside a transaction, conditions outside of one."""
        self.future: Future[T] = Future()
        self._operation = operation
        self._when = when

    def is_ready(self, store: Store) -> bool:
        """Whether to perform it now, be it only to learn that nobody waits any more."""
        return self._when is None or self.future.cancelled() or self._when(store)

    def attempt(self, store: Store) -> Callable[[], None]:
        """Do it, all or nothing; returns how to tell once the disk has it.

        Raises:
            sqlite3.Error: the whole transaction is in doubt.
        """
        try:
            with store.savepoint():
                return partial(self.future.set_result, self._operation(store))
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it
            return partial(self.future.set_exception, error)


class Routine:
    """The thread's days, from the first job to the None that ends them."""

    def __init__(
        self,
        path: Path,
        store: Store,
        arriving: "SimpleQueue[Job[Any] | None]",
        waiting: list[Job[Any]],
    ) -> None:
        """Keep in ``waiting`` whatever is not served yet."""
        self._path = path
        self._store = store
        self._arriving = arriving
        self._waiting = waiting
        self._inode = path.stat().st_ino
        self._seen = store.data_version()
        self._renewal_due = self._chores_due = 0.0

    def follow(self) -> None:
        """Go on until a None arrives.

        Raises:
            BrokerAway: the file is gone.
            sqlite3.Error: the file cannot be read any more.
        """
        going = True
        while going:
            arrived = self._arrived()
            going = None not in arrived
            self._waiting += [job for job in arrived if job is not None]
            if self._did_chores() or arrived or self._wrote_another():
                self._serve()

    def _arrived(self) -> list[Job[Any] | None]:
        patience = POLL_SECONDS if self._waiting else CHORES_SECONDS
        with suppress(Empty):
            return [self._arriving.get(timeout=patience), *drain(self._arriving)]
        return []

    def _wrote_another(self) -> bool:
        """Whether another connection has committed since the last look."""
        before, self._seen = self._seen, self._store.data_version()
        return self._seen != before

    def _serve(self) -> None:
        """Perform what is ready, and what becomes ready by that."""
        while ready := [job for job in self._waiting if job.is_ready(self._store)]:
            self._waiting[:] = [job for job in self._waiting if job not in ready]
            self._perform(ready)

    def _perform(self, jobs: list[Job[Any]]) -> None:
        """Do several jobs with one commit; their futures are told after it."""
        running = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        if not running:
            return
        try:
            with explained(self._path), self._store.transaction():
                self._check_file()
                outcomes = [job.attempt(self._store) for job in running]
        except BrokerAway as error:
            outcomes = [partial(job.future.set_exception, error) for job in running]
        for tell in outcomes:
            tell()

    def _check_file(self) -> None:
        """Whoever writes into a deleted file is told that all is well, by the system."""
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            inode = None
        if inode != self._inode:
            raise BrokerAway("it was deleted or replaced under us: connect anew")

    def _did_chores(self) -> bool:
        """Renew this process's leases and do what is due for all; whether anything was done."""
        now = time.monotonic()
        due: list[Job[Any]] = []
        if now >= self._renewal_due:
            self._renewal_due = now + self._store.renewal_seconds
            due.append(Job(Store.renew))
        if now >= self._chores_due:
            self._chores_due = now + CHORES_SECONDS
            self._check_file()
            if self._store.has_chores():
                due.append(Job(Store.do_chores))
        self._perform(due)
        for job in due:
            if error := job.future.exception():
                log.warning("embedded broker could not do its chores", error=str(error))
        return bool(due)


def drain(arriving: "SimpleQueue[Job[Any] | None]") -> list[Job[Any] | None]:
    drained: list[Job[Any] | None] = []
    with suppress(Empty):
        while True:
            drained.append(arriving.get_nowait())
    return drained
