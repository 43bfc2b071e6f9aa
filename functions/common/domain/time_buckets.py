"""Sums by hour, day or half day, kept for the newest of them: what profiles are made of.

Each is a table by columns; its numbers count hours (days, half days) since 1970 in ascending order, and only
those in which something happened are there. A time so old that it is no longer kept is left out.
"""

from bisect import bisect_left

from msgspec import Struct

HOUR_MS = 3_600_000
HALF_DAY_MS = 12 * HOUR_MS
DAY_MS = 24 * HOUR_MS
HOURS_KEPT = 24
DAYS_KEPT = 30
# A merchant's windows of 30 days end where labels are due, up to 30 days before the last transaction.
HALF_DAYS_KEPT = 2 * 62


class Hours(Struct, array_like=True):
    """What an account did by the hour: transactions, and their euros."""

    numbers: list[int] = []
    counts: list[int] = []
    totals: list[float] = []

    def add(self, timestamp: int, euros: float) -> None:
        """Count a transaction."""
        number = timestamp // HOUR_MS
        place = _place(self.numbers, number, HOURS_KEPT)
        if place >= 0:
            self.counts[place] += 1
            self.totals[place] += euros
        elif place != _TOO_OLD:
            self.numbers.insert(~place, number)
            self.counts.insert(~place, 1)
            self.totals.insert(~place, euros)
            if expired := _expired(self.numbers, HOURS_KEPT):
                del self.numbers[:expired], self.counts[:expired], self.totals[:expired]


class Days(Struct, array_like=True):
    """What an account did by the day: transactions, their euros and the squares of these, frauds."""

    numbers: list[int] = []
    counts: list[int] = []
    totals: list[float] = []
    squares: list[float] = []
    frauds: list[int] = []

    def add(self, timestamp: int, euros: float) -> None:
        """Count a transaction."""
        number = timestamp // DAY_MS
        place = _place(self.numbers, number, DAYS_KEPT)
        if place >= 0:
            self.counts[place] += 1
            self.totals[place] += euros
            self.squares[place] += euros * euros
        elif place != _TOO_OLD:
            self.numbers.insert(~place, number)
            self.counts.insert(~place, 1)
            self.totals.insert(~place, euros)
            self.squares.insert(~place, euros * euros)
            self.frauds.insert(~place, 0)
            if expired := _expired(self.numbers, DAYS_KEPT):
                del self.numbers[:expired], self.counts[:expired], self.totals[:expired]
                del self.squares[:expired], self.frauds[:expired]

    def confirm(self, timestamp: int, change: int) -> bool:
        """Count a confirmed fraud, or take one back; False if its day is not kept."""
        place = _find(self.numbers, timestamp // DAY_MS)
        if place >= 0:
            self.frauds[place] += change
        return place >= 0


class HalfDays(Struct, array_like=True):
    """What a merchant took by the half day: transactions, and confirmed frauds among them."""

    numbers: list[int] = []
    counts: list[int] = []
    frauds: list[int] = []

    def add(self, timestamp: int) -> None:
        """Count a transaction."""
        number = timestamp // HALF_DAY_MS
        place = _place(self.numbers, number, HALF_DAYS_KEPT)
        if place >= 0:
            self.counts[place] += 1
        elif place != _TOO_OLD:
            self.numbers.insert(~place, number)
            self.counts.insert(~place, 1)
            self.frauds.insert(~place, 0)
            if expired := _expired(self.numbers, HALF_DAYS_KEPT):
                del self.numbers[:expired], self.counts[:expired], self.frauds[:expired]

    def confirm(self, timestamp: int, change: int) -> bool:
        """Count a confirmed fraud, or take one back; False if its half day is not kept."""
        place = _find(self.numbers, timestamp // HALF_DAY_MS)
        if place >= 0:
            self.frauds[place] += change
        return place >= 0


_TOO_OLD = -1_000_000


def _place(numbers: list[int], number: int, kept: int) -> int:
    """Where that number is; ~place (negative) where to insert it; _TOO_OLD if it is no longer kept."""
    if not numbers:
        return ~0
    newest = numbers[-1]
    if number == newest:
        return len(numbers) - 1
    if number > newest:
        return ~len(numbers)
    if number <= newest - kept:
        return _TOO_OLD
    place = bisect_left(numbers, number)
    return place if numbers[place] == number else ~place


def _find(numbers: list[int], number: int) -> int:
    place = bisect_left(numbers, number)
    return place if place < len(numbers) and numbers[place] == number else -1


def _expired(numbers: list[int], kept: int) -> int:
    """How many are too old now that the newest is as it is."""
    oldest_kept = numbers[-1] - kept + 1
    return 0 if numbers[0] >= oldest_kept else bisect_left(numbers, oldest_kept)
