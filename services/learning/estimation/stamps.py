"""Dates as phones and spreadsheets write them; whether the day or the month stands first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import pairwise

DATE = r"(?P<a>\d{1,4})(?P<mark>[/.\-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})"
TIME = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)?"
)
_WHOLE = re.compile(rf"{DATE}(?:,?\s+{TIME})?", re.IGNORECASE)
_CENTURY = 2000
_YEAR = 1000


class Order(Enum):
    """Which of a date's three numbers are year, month and day."""

    DAY_FIRST = (2, 1, 0)
    MONTH_FIRST = (2, 0, 1)
    YEAR_FIRST = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date's three numbers as they stand, and the time on a clock of 24 hours."""

    numbers: tuple[int, int, int]
    hour: int = 0
    minute: int = 0
    second: int = 0

    def read(self, order: Order) -> datetime | None:
        """The moment; None when there is no such one. UTC only in name: no zone is known.

        What begins with four digits begins with the year, whatever the other lines or cells do:
        a column may hold `0000-00-00`, a message another chat's line. `order` is for the rest.
        """
        decided = Order.YEAR_FIRST if self.numbers[0] >= _YEAR else order
        year, month, day = (self.numbers[place] for place in decided.value)
        full = year + _CENTURY if year < 100 else year
        try:
            return datetime(full, month, day, self.hour, self.minute, self.second, tzinfo=UTC)
        except ValueError:
            return None


def stamp_of(found: re.Match[str]) -> Stamp:
    """The stamp in a match of DATE, with or without TIME."""
    parts = found.groupdict()
    hour, half = int(parts["hour"] or 0), (parts["half"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    numbers = (int(parts["a"]), int(parts["b"]), int(parts["c"]))
    return Stamp(numbers, hour, int(parts["minute"] or 0), int(parts["second"] or 0))


def order_of(stamps: Sequence[Stamp]) -> Order:
    """The order in which a file's dates exist, rise, and lie close together; else day first.

    `stamps` are in the order of the file, which is nearly always that of time.
    """

    def oddness(order: Order) -> tuple[int, int, float]:
        read = [stamp.read(order) for stamp in stamps]
        there = [moment for moment in read if moment is not None]
        falls = sum(later < sooner for sooner, later in pairwise(there))
        span = (max(there) - min(there)).total_seconds() if there else 0.0
        return len(read) - len(there), falls, span

    return min((Order.DAY_FIRST, Order.MONTH_FIRST), key=oddness)


def read_moments(cells: Sequence[str]) -> list[datetime | None]:
    """The moments in a column of dates: ISO 8601, seconds since 1970, or as spreadsheets write."""
    found = [_WHOLE.fullmatch(cell.strip()) for cell in cells]
    stamps = [stamp_of(each) if each else None for each in found]
    order = order_of([each for each in stamps if each])
    return [
        stamp.read(order) if stamp else _standard(cell.strip())
        for cell, stamp in zip(cells, stamps, strict=True)
    ]


def _standard(cell: str) -> datetime | None:
    try:
        if re.fullmatch(r"[0-9]{9,13}(\.[0-9]+)?", cell):
            seconds = float(cell)
            return datetime.fromtimestamp(seconds / (1000 if seconds > 1e11 else 1), UTC)
        return datetime.fromisoformat(cell).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
