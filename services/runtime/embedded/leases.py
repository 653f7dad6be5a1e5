"""Leases: how the processes of a machine know which consumers are alive."""

import sqlite3
import time

LONGEST = 60.0
"""Seconds; a lease that ends later was granted before the clock was set back."""


class Leases:
    """A row a consumer, renewed by its process. Every call belongs into a transaction."""

    def __init__(self, database: sqlite3.Connection, seconds: float) -> None:
        """Grant leases of so many seconds, at most ``LONGEST``."""
        self._database = database
        self._seconds = seconds
        self._mine: set[int] = set()

    @property
    def mine(self) -> list[int]:
        """The consumers of this process."""
        return sorted(self._mine)

    def grant(self) -> int:
        """Register a consumer; its number is never used again."""
        (consumer,) = self._database.execute(
            "INSERT INTO consumers (lease_until) VALUES (?) RETURNING id", (self._until(),)
        ).fetchone()
        self._mine.add(consumer)
        return int(consumer)

    def renew(self) -> None:
        """Renew what this process still has. A lease that somebody ended is not revived."""
        self._database.executemany(
            "UPDATE consumers SET lease_until = ? WHERE id = ?",
            [(self._until(), consumer) for consumer in self._mine],
        )

    def end(self, consumer: int) -> None:
        """Forget a consumer."""
        self._mine.discard(consumer)
        self._database.execute("DELETE FROM consumers WHERE id = ?", (consumer,))

    def holds(self, consumer: int) -> bool:
        """Whether a consumer has not been ended."""
        found = self._database.execute("SELECT 1 FROM consumers WHERE id = ?", (consumer,))
        return found.fetchone() is not None

    def lapsed(self) -> list[int]:
        """The consumers, of any process, that nobody renewed in time."""
        now = time.time()
        rows = self._database.execute(
            "SELECT id FROM consumers WHERE lease_until NOT BETWEEN ? AND ?", (now, now + LONGEST)
        )
        return [consumer for (consumer,) in rows]

    def _until(self) -> float:
        return time.time() + self._seconds
