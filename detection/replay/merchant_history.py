"""Features of merchants and categories in columns.

The values are those of `functions/common/domain/merchant_features.py`. The windows consist of minutes, half
days and days that ended before the transaction, so that sums of whole buckets are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detection.replay.labels import NOT_FRAUD
from detection.replay.segments import MISSING, Flags, Floats, Integers, Segment
from functions.common.domain.merchant_features import COUNTED_AFTER_MS
from functions.common.domain.merchant_profile import TINY_CENTS
from functions.common.domain.time_buckets import (
    DAY_MS,
    HALF_DAY_MS,
    HALF_DAYS_IN_WINDOW,
    MAX_DAYS,
    MAX_HALF_DAYS,
    MAX_MINUTES,
    MINUTE_MS,
)

# A key is a merchant, followed by the number of a bucket since 1970 in this many bits.
_BUCKET_BITS = 36
_BUCKET_OFFSET = 1 << _BUCKET_BITS - 1
_DAY_SECONDS = 86_400


class MerchantBuckets:
    """Sums of transactions by merchant and minute, half day or day."""

    def __init__(self, length_ms: int, kept: int, sums: int) -> None:
        self._length_ms, self._kept = length_ms, kept
        self._keys = np.zeros(0, np.int64)
        self._values = [np.zeros(0, np.int64) for _ in range(sums)]

    def add(self, merchants: Integers, times: Integers, *values: Integers) -> None:
        """Add transactions. Buckets that are `kept` before the first of them are removed."""
        if not len(merchants):
            return
        oldest = int(times[0]) // self._length_ms - self._kept
        keep = (self._keys & (1 << _BUCKET_BITS) - 1) - _BUCKET_OFFSET >= oldest
        keys = np.concatenate((self._keys[keep], make_bucket_keys(merchants, times // self._length_ms)))
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        self._keys = keys[starts]
        self._values = [
            np.add.reduceat(np.concatenate((stored[keep], added))[order], starts)
            for stored, added in zip(self._values, values, strict=True)
        ]

    def window(self, merchants: Integers, begins: Integers, ends: Integers) -> "Window":
        """The buckets of each merchant from `begins` to before `ends`."""
        return Window(self.count_before(merchants, begins), self.count_before(merchants, ends))

    def count_before(self, merchants: Integers, numbers: Integers) -> Integers:
        """The number of buckets of all lower merchants, and of each merchant before each bucket."""
        return np.searchsorted(self._keys, make_bucket_keys(merchants, numbers))

    def sum(self, column: int, window: "Window") -> Integers:
        sums = np.concatenate(([0], np.cumsum(self._values[column])))
        result: Integers = sums[window.ends] - sums[window.begins]
        return result

    def find_latest(
        self, column: int, merchants: Integers, begins: Integers, ends: Integers
    ) -> tuple[Integers, Flags]:
        """The latest bucket with a positive value from `begins` to before `ends`, and whether one exists."""
        keys = self._keys[self._values[column] > 0]
        return find_latest(keys, merchants, begins, ends)


@dataclass(frozen=True)
class Window:
    """Ranges of buckets."""

    begins: Integers
    ends: Integers


@dataclass(frozen=True)
class MerchantFrauds:
    """Frauds ordered by merchant and time, which is the order of `numbers`. `keys` are those of half days.

    `is_unusual`: whether the amount was unusual for the account when the label arrived.
    """

    keys: Integers
    numbers: Integers
    is_unusual: Flags

    def select(self, rows: Flags) -> "MerchantFrauds":
        return MerchantFrauds(self.keys[rows], self.numbers[rows], self.is_unusual[rows])

    @property
    def merchants(self) -> Integers:
        return self.keys >> _BUCKET_BITS

    def count_known(self, merchants: Integers, known: Integers) -> Integers:
        """The frauds of all lower merchants, and of each merchant among the first `known` labels."""
        return np.searchsorted(self.merchants << 32 | self.numbers, merchants << 32 | known)

    def count_before(self, merchants: Integers, half_days: Integers) -> Integers:
        """The number of frauds of all lower merchants, and of each merchant before each half day."""
        return np.searchsorted(self.keys, make_bucket_keys(merchants, half_days))


class LabelledHistory:
    """Holds the half days and frauds that later features depend on, of all merchants or of all categories."""

    def __init__(self) -> None:
        # Transactions, and those that are not fraud.
        self._half_days = MerchantBuckets(HALF_DAY_MS, MAX_HALF_DAYS, 2)
        none = np.zeros(0, np.int64)
        self._frauds = MerchantFrauds(none, none, np.zeros(0, np.bool_))

    def add(
        self, segment: Segment, numbers: Integers, fraud_numbers: Integers, known_unusual: dict[int, bool]
    ) -> None:
        """Add the purchases of a segment.

        `numbers`: the merchant or category of each row, MISSING without one. `known_unusual`: of the labels
        that arrive in the segment, by number.
        """
        has_number = numbers != MISSING
        rows = np.flatnonzero(segment.is_purchase & has_number)
        ones = np.ones(len(rows), np.int64)
        genuine = (~segment.is_fraud[rows]).astype(np.int64)
        self._half_days.add(numbers[rows], segment.times[rows], ones, genuine)
        rows = np.flatnonzero((fraud_numbers < NOT_FRAUD) & has_number)
        oldest = int(segment.times[0]) // HALF_DAY_MS - MAX_HALF_DAYS
        half_days = (self._frauds.keys & (1 << _BUCKET_BITS) - 1) - _BUCKET_OFFSET
        stored = self._frauds.select(half_days >= oldest)
        keys = make_bucket_keys(numbers[rows], segment.times[rows] // HALF_DAY_MS)
        keys = np.concatenate((stored.keys, keys))
        frauds = np.concatenate((stored.numbers, fraud_numbers[rows]))
        is_unusual = np.concatenate((stored.is_unusual, np.zeros(len(rows), np.bool_)))
        if known_unusual:
            for position in np.flatnonzero(np.isin(frauds, list(known_unusual))).tolist():
                is_unusual[position] = known_unusual[int(frauds[position])]
        order = np.argsort(keys, kind="stable")
        self._frauds = MerchantFrauds(keys[order], frauds[order], is_unusual[order])

    def compute_windows(
        self, numbers: Integers, times: Integers, known: Integers, delay_days: int, days: Sequence[int]
    ) -> tuple[list[Floats], list[Floats]]:
        """The counts and the shares of `compute_labelled_windows`, for windows of these days."""
        due = _due_half_days(times, delay_days)
        labelled = self._frauds.count_known(numbers, known)
        until_due = np.minimum(labelled, self._frauds.count_before(numbers, due))
        ends = self._half_days.count_before(numbers, due)
        counts, shares = [], []
        for begin in (due - 2 * length for length in days):
            count = self._half_days.sum(0, Window(self._half_days.count_before(numbers, begin), ends))
            frauds = np.maximum(until_due - self._frauds.count_before(numbers, begin), 0)
            counts.append(count.astype(np.float64))
            shares.append(_divide(frauds, count))
        return counts, shares


class MerchantHistory(LabelledHistory):
    """Holds also the minutes and days of all merchants that later features depend on."""

    def __init__(self) -> None:
        super().__init__()
        # Transactions, those of tiny amounts, and those with a device that is new to the account.
        self._minutes = MerchantBuckets(MINUTE_MS, MAX_MINUTES, 3)
        # Transactions with a known amount, and their total.
        self._days = MerchantBuckets(DAY_MS, MAX_DAYS + 1, 2)

    def add_activity(self, segment: Segment, has_new_device: Flags) -> None:
        """Add the purchases of a segment to the minutes and days."""
        rows = np.flatnonzero(segment.is_purchase)
        merchants, times, cents = segment.merchants[rows], segment.times[rows], segment.cents[rows]
        ones, rated = np.ones(len(rows), np.int64), cents > 0
        is_tiny = rated & (cents < TINY_CENTS)
        flags = (column.astype(np.int64) for column in (is_tiny, has_new_device[rows]))
        self._minutes.add(merchants, times, ones, *flags)
        self._days.add(merchants[rated], times[rated], ones[rated], cents[rated])

    def count_recent(self, merchants: Integers, times: Integers) -> list[Integers]:
        """The columns of `count_recent`."""
        half_days = (times - COUNTED_AFTER_MS) // HALF_DAY_MS
        ends = self._half_days.count_before(merchants, half_days)
        return [
            self._half_days.sum(0, Window(self._half_days.count_before(merchants, half_days - length), ends))
            for length in (2, 14)
        ]

    def compute_activity(self, merchants: Integers, times: Integers, cents: Integers) -> list[Floats]:
        """The columns of `compute_activity`."""
        counted_ms = times - COUNTED_AFTER_MS
        minutes = counted_ms // MINUTE_MS
        short, long = (self._minutes.window(merchants, minutes - length, minutes) for length in (10, 60))
        days = counted_ms // DAY_MS
        month = self._days.window(merchants, days - 30, days)
        totals = self._days.sum(1, month)
        ratio = _divide(cents.astype(np.float64) * self._days.sum(0, month), totals)
        return [
            self._minutes.sum(0, short).astype(np.float64),
            self._minutes.sum(0, long).astype(np.float64),
            self._minutes.sum(1, long).astype(np.float64),
            np.where(cents > 0, ratio, np.nan),
            self._minutes.sum(2, long).astype(np.float64),
        ]

    def compute_fraud_runs(
        self, merchants: Integers, times: Integers, known: Integers, delay_days: int
    ) -> list[Floats]:
        """The columns of `compute_fraud_run`."""
        due = _due_half_days(times, delay_days)
        begins = times // HALF_DAY_MS - HALF_DAYS_IN_WINDOW + 1
        frauds, run_frauds = self._frauds, self._frauds.select(~self._frauds.is_unusual)
        run_ends = run_frauds.count_known(merchants, known)
        last, has_run = _half_day_at(run_frauds, run_ends - 1, merchants, begins)
        # The latest genuine transactions that are certain, before the run if there is one.
        limits = np.where(has_run, np.minimum(last + 1, due), due)
        clear, is_clear = self._find_genuine(merchants, begins, limits, known)
        run_begins = run_frauds.count_before(merchants, np.where(is_clear, clear, begins))
        first, _ = _half_day_at(run_frauds, run_begins, merchants, begins)
        since = self._half_days.window(merchants, last + 1, np.maximum(due, last + 1))
        later_frauds = np.minimum(
            frauds.count_known(merchants, known), frauds.count_before(merchants, due)
        ) - frauds.count_before(merchants, last + 1)
        genuine = self._half_days.sum(0, since) - np.maximum(later_frauds, 0)
        return [
            np.where(has_run, run_ends - run_begins, 0).astype(np.float64),
            np.where(has_run, _seconds_since(first, times), np.nan),
            np.where(is_clear, _seconds_since(clear, times), np.nan),
            np.where(has_run, np.maximum(genuine, 0), np.nan),
        ]

    def _find_genuine(
        self, merchants: Integers, begins: Integers, ends: Integers, known: Integers
    ) -> tuple[Integers, Flags]:
        """The latest half day with a transaction that is not confirmed fraud, and whether there is one."""
        genuine, is_genuine = self._half_days.find_latest(1, merchants, begins, ends)
        # A fraud without a label counts as genuine.
        last = self._frauds.count_before(merchants, ends) - 1
        half_days, has_fraud = _half_day_at(self._frauds, last, merchants, begins)
        if len(self._frauds.numbers):
            has_fraud &= self._frauds.numbers[np.maximum(last, 0)] >= known
        latest = np.maximum(
            np.where(is_genuine, genuine, begins - 1), np.where(has_fraud, half_days, begins - 1)
        )
        return latest, is_genuine | has_fraud


def make_bucket_keys(merchants: Integers, numbers: Integers) -> Integers:
    """Numbers that are ordered by merchant and bucket."""
    keys: Integers = merchants << _BUCKET_BITS | numbers + _BUCKET_OFFSET
    return keys


def find_latest(
    keys: Integers, merchants: Integers, begins: Integers, ends: Integers
) -> tuple[Integers, Flags]:
    """The latest of the merchant's buckets `keys` from `begins` to before `ends`, and whether one exists."""
    if not len(keys):
        return begins, np.zeros(len(merchants), np.bool_)
    positions = np.searchsorted(keys, make_bucket_keys(merchants, ends)) - 1
    found = keys[np.maximum(positions, 0)]
    numbers = (found & (1 << _BUCKET_BITS) - 1) - _BUCKET_OFFSET
    return numbers, (positions >= 0) & (found >> _BUCKET_BITS == merchants) & (numbers >= begins)


def _half_day_at(
    frauds: MerchantFrauds, positions: Integers, merchants: Integers, begins: Integers
) -> tuple[Integers, Flags]:
    """The half day of the fraud at each position, and whether it is one of the merchant since `begins`."""
    if not len(frauds.keys):
        return begins, np.zeros(len(merchants), np.bool_)
    found = frauds.keys[np.clip(positions, 0, len(frauds.keys) - 1)]
    half_days = (found & (1 << _BUCKET_BITS) - 1) - _BUCKET_OFFSET
    is_own = (positions >= 0) & (positions < len(frauds.keys)) & (found >> _BUCKET_BITS == merchants)
    return half_days, is_own & (half_days >= begins)


def _due_half_days(times: Integers, delay_days: int) -> Integers:
    return (times - delay_days * DAY_MS) // HALF_DAY_MS


def _seconds_since(half_days: Integers, times: Integers) -> Integers:
    return (times // DAY_MS - half_days * HALF_DAY_MS // DAY_MS) * _DAY_SECONDS


def _divide(numerators: Integers | Floats, denominators: Integers) -> Floats:
    """The quotients, NaN for a denominator of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominators > 0, numerators / denominators, np.nan)
