"""Totals by minute, hour, half day or day for the most recent period: the parts of a profile.

Each class is a table in columns. `numbers` holds the minutes (hours, half days, days) since 1970 in ascending
order; a bucket without transactions has no row. Timestamps before the retained period are ignored.
"""

from bisect import bisect_left

from msgspec import Struct

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
HALF_DAY_MS = 12 * HOUR_MS
DAY_MS = 24 * HOUR_MS
# The longest window of a feature, and the time that a transaction may arrive after a newer one without a loss
# of the buckets that its own window needs. The pipeline repairs outages of up to 4 hours by itself.
MAX_HOURS = 24 + 6
MAX_DAYS = 30 + 1
# The longest window of a merchant's features: 30 days that end when labels are due, up to 30 days before the
# transaction, and the half days in which both begin. A merchant's profile keeps a week more.
HALF_DAYS_IN_WINDOW = 2 * 61
MAX_HALF_DAYS = HALF_DAYS_IN_WINDOW + 2 * 7
# An hour that ends two to three minutes before the transaction, and the lead that a client's clock may have.
MAX_MINUTES = 60 + 3 + 5
_TOO_OLD = -1_000_000


class HourBuckets(Struct, array_like=True):
    """An account's transactions and the total of known amounts in euro cents, by hour."""

    numbers: list[int] = []
    counts: list[int] = []
    totals: list[int] = []

    def add(self, timestamp: int, cents: int) -> None:
        _add_amount(self, timestamp // HOUR_MS, cents, MAX_HOURS)


class DayBuckets(Struct, array_like=True):
    """An account's transactions by day, with its frauds.

    `totals` and `squares` are the sum and the sum of squares of known amounts in euro cents.
    """

    numbers: list[int] = []
    counts: list[int] = []
    totals: list[int] = []
    squares: list[int] = []
    frauds: list[int] = []

    def add(self, timestamp: int, cents: int) -> None:
        columns = (self.counts, self.totals, self.squares, self.frauds)
        row = _find_or_insert(self.numbers, columns, timestamp // DAY_MS, MAX_DAYS)
        if row >= 0:
            self.counts[row] += 1
            self.totals[row] += cents
            self.squares[row] += cents * cents

    def add_fraud(self, timestamp: int, change: int) -> bool:
        """Add `change` to the confirmed frauds of a day. Returns False if the day has no bucket."""
        row = _find(self.numbers, timestamp // DAY_MS)
        if row >= 0:
            self.frauds[row] += change
        return row >= 0


class MinuteBuckets(Struct, array_like=True):
    """A merchant's transactions by minute, and those with a tiny amount or a new device among them."""

    numbers: list[int] = []
    counts: list[int] = []
    tiny: list[int] = []
    new_devices: list[int] = []

    def add(self, timestamp: int, *, is_tiny: bool) -> None:
        """Count a transaction."""
        row = self._find_or_insert(timestamp // MINUTE_MS)
        if row >= 0:
            self.counts[row] += 1
            self.tiny[row] += is_tiny

    def add_new_device(self, timestamp: int) -> None:
        """Count the new device of a transaction."""
        row = self._find_or_insert(timestamp // MINUTE_MS)
        if row >= 0:
            self.new_devices[row] += 1

    def _find_or_insert(self, number: int) -> int:
        """The row of a minute, which is inserted if necessary, or -1 before the retained period."""
        columns = (self.counts, self.tiny, self.new_devices)
        return _find_or_insert(self.numbers, columns, number, MAX_MINUTES)


class DayTotals(Struct, array_like=True):
    """A merchant's transactions with a known amount, and their total in euro cents, by day."""

    numbers: list[int] = []
    counts: list[int] = []
    totals: list[int] = []

    def add(self, timestamp: int, cents: int) -> None:
        # The window of 30 days ends two minutes before a transaction: just after midnight, the day before.
        _add_amount(self, timestamp // DAY_MS, cents, MAX_DAYS + 1)


class HalfDayBuckets(Struct, array_like=True):
    """The transactions of a merchant or category, confirmed frauds and those of unusual amounts, by half day.

    A fraud can be confirmed before its transaction is counted, so a row can have more frauds than
    transactions for a while.
    """

    numbers: list[int] = []
    counts: list[int] = []
    frauds: list[int] = []
    unusual: list[int] = []

    def add(self, timestamp: int) -> None:
        """Count a transaction."""
        self.add_count(timestamp // HALF_DAY_MS, 1)

    def add_count(self, half_day: int, count: int) -> None:
        """Count several transactions of one half day."""
        row = self._find_or_insert(half_day)
        if row >= 0:
            self.counts[row] += count

    def add_fraud(self, timestamp: int, change: int, *, is_unusual: bool) -> None:
        """Add `change` to the confirmed frauds of a half day, and to those of unusual amounts.

        Counts do not fall below 0: a fraud can be reverted that an older version did not count in its
        category.
        """
        row = self._find_or_insert(timestamp // HALF_DAY_MS)
        if row >= 0:
            self.frauds[row] = max(self.frauds[row] + change, 0)
            self.unusual[row] = max(self.unusual[row] + change * is_unusual, 0)

    def _find_or_insert(self, number: int) -> int:
        """The row of a half day, which is inserted if necessary, or -1 before the retained period."""
        columns = (self.counts, self.frauds, self.unusual)
        return _find_or_insert(self.numbers, columns, number, MAX_HALF_DAYS)


def _add_amount(table: HourBuckets | DayTotals, number: int, cents: int, limit: int) -> None:
    row = _find_or_insert(table.numbers, (table.counts, table.totals), number, limit)
    if row >= 0:
        table.counts[row] += 1
        table.totals[row] += cents


def add_count(counts: dict[int, int], number: int, limit: int) -> None:
    """Count in the bucket `number` of a few buckets, and remove those that are `limit` before the newest."""
    counts[number] = counts.get(number, 0) + 1
    oldest = max(counts) - limit + 1
    for expired in [bucket for bucket in counts if bucket < oldest]:
        del counts[expired]


def sum_counts(counts: dict[int, int], begin: int, end: int) -> int:
    """The sum of the buckets from `begin` to `end`, both included."""
    return sum(count for number, count in counts.items() if begin <= number <= end)


def _locate(numbers: list[int], number: int, limit: int) -> int:
    """The row of `number`, ~row (negative) to insert it at, or _TOO_OLD before the retained period."""
    if not numbers:
        return ~0
    newest = numbers[-1]
    if number == newest:
        return len(numbers) - 1
    if number > newest:
        return ~len(numbers)
    if number <= newest - limit:
        return _TOO_OLD
    row = bisect_left(numbers, number)
    return row if numbers[row] == number else ~row


def _find_or_insert(numbers: list[int], columns: tuple[list[int], ...], number: int, limit: int) -> int:
    """The row of `number`, which is inserted with zeros if necessary, or -1 before the retained period."""
    row = _locate(numbers, number, limit)
    if row >= 0:
        return row
    if row == _TOO_OLD:
        return -1
    numbers.insert(~row, number)
    for column in columns:
        column.insert(~row, 0)
    expired = _count_expired(numbers, limit)
    if expired:
        for column in (numbers, *columns):
            del column[:expired]
    return ~row - expired


def _find(numbers: list[int], number: int) -> int:
    row = bisect_left(numbers, number)
    return row if row < len(numbers) and numbers[row] == number else -1


def _count_expired(numbers: list[int], limit: int) -> int:
    """The number of leading rows before the retained period, which ends with the newest row."""
    oldest = numbers[-1] - limit + 1
    return 0 if numbers[0] >= oldest else bisect_left(numbers, oldest)
