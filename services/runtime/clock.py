"""What time it is here, for who must be able to be told another time by a test.

Not for what several machines compare: that is the database's clock (services/storage/clock.py).
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """This machine's clock, aware, in UTC."""
    return datetime.now(UTC)
