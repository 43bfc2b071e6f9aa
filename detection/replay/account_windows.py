"""Features of accounts in columns: the values of `functions/common/domain/account_features.py`."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from detection.replay.account_history import AccountRows, make_keys
from detection.replay.labels import NOT_FRAUD
from detection.replay.segments import Flags, Floats, Integers
from functions.common.domain.account_profile import MAX_AMOUNTS, MIN_AMOUNTS, UNUSUAL_RATIO
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS

_RECENT_MS = 14 * DAY_MS
_CENTS_PER_EURO = 100
_CHUNK = 1 << 12
# A sum of squares of amounts is below 2 ** 62 if the count times the largest amount is below this.
_EXACT = 1 << 31


@dataclass(frozen=True)
class Queries:
    """Moments in the history of accounts: before the purchase at `positions`, with `known` labels."""

    owners: Integers
    positions: Integers
    known: Integers

    def __len__(self) -> int:
        return len(self.positions)

    def select(self, rows: slice | Integers) -> "Queries":
        return Queries(self.owners[rows], self.positions[rows], self.known[rows])


def compute_totals(history: AccountRows, queries: Queries, times: Integers, cents: Integers) -> list[Floats]:
    """The columns of `compute_account_totals`."""
    ends, days = queries.positions, times // DAY_MS
    begins = [
        history.count_before(queries.owners, first_ms)
        for first_ms in ((times // HOUR_MS - 23) * HOUR_MS, (days - 6) * DAY_MS, (days - 29) * DAY_MS)
    ]
    sums = _cumulate(history.cents)
    rated_before = _cumulate(history.cents > 0)
    counts = [ends - begin for begin in begins]
    rated = [rated_before[ends] - rated_before[begin] for begin in begins]
    totals = [sums[ends] - sums[begin] for begin in begins]
    rated_30, total_30 = rated[2], totals[2]
    has_mean = rated_30 > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [
            np.where(has_mean & (count > 0), total / (count * _CENTS_PER_EURO), np.nan)
            for count, total in zip(rated, totals, strict=True)
        ]
        ratio = np.where(has_mean & (cents > 0), cents.astype(np.float64) * rated_30 / total_30, np.nan)
    deviation = _compute_deviations(history, begins[2], ends, counts=rated_30, totals=total_30, cents=cents)
    return [*(count.astype(np.float64) for count in counts), *means, ratio, deviation]


def _compute_deviations(
    history: AccountRows,
    begins: Integers,
    ends: Integers,
    *,
    counts: Integers,
    totals: Integers,
    cents: Integers,
) -> Floats:
    """The amounts above the mean in standard deviations, NaN for a deviation below a cent."""
    # A difference of sums that overflow is exact if it does not overflow itself.
    squares = _cumulate(history.cents * history.cents)
    variances = counts * (squares[ends] - squares[begins]) - totals * totals
    is_significant = variances >= counts * counts
    roots = np.sqrt(np.maximum(variances, 1))
    large = np.flatnonzero(counts * int(history.cents.max(initial=0)) >= _EXACT)
    if len(large):
        exact_squares = _cumulate(history.cents.astype(object) ** 2)
        count, total = counts[large].astype(object), totals[large].astype(object)
        exact = count * (exact_squares[ends[large]] - exact_squares[begins[large]]) - total * total
        is_significant[large] = exact >= count * count
        roots[large] = np.sqrt(np.maximum(exact, 1).astype(np.float64))
    excess = cents * counts.astype(np.float64) - totals
    return np.where((cents > 0) & (counts > 0) & is_significant, excess / roots, np.nan)


def compute_amounts(
    history: AccountRows, queries: Queries, times: Integers, cents: Integers, frauds_30: Integers
) -> list[Floats]:
    """The columns of `compute_amounts` in the domain. `frauds_30`: the confirmed frauds within 30 days."""
    columns = [np.full(len(queries), np.nan) for _ in range(7)]
    recent_begins = history.count_before(queries.owners, times - _RECENT_MS)
    for begin in range(0, len(queries), _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        chunk = _compare_amounts(history, queries.select(rows), times[rows], cents[rows], recent_begins[rows])
        for column, values in zip(columns, chunk, strict=False):
            column[rows] = values
    has_history = queries.positions > history.starts[queries.owners]
    last = history.times[np.maximum(queries.positions - 1, 0)]
    columns[5][:] = np.where(has_history, frauds_30, np.nan)
    columns[6][:] = np.where(has_history, (times - last) // 1000, np.nan)
    return columns


def _compare_amounts(
    history: AccountRows, queries: Queries, times: Integers, cents: Integers, recent_begins: Integers
) -> tuple[Floats, ...]:
    amounts, positive = _find_amounts(history, queries)
    doubled, is_usual = _double_usual(positive)
    ends = queries.positions
    columns = np.arange(MAX_AMOUNTS)
    recent_counts = np.minimum(ends - np.maximum(recent_begins, history.starts[queries.owners]), MAX_AMOUNTS)
    recent = np.where(columns >= (MAX_AMOUNTS - recent_counts)[:, None], amounts, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = doubled / 2
        ratio = np.where(is_usual & (cents > 0), cents / usual, np.nan)
        largest = recent.max(axis=1) / usual
    has_recent = is_usual & (recent_counts > 0)
    is_unusual = recent > doubled[:, None]
    has_unusual = has_recent & (largest > UNUSUAL_RATIO)
    counts = np.where(has_unusual, is_unusual.sum(axis=1), 0)
    first = np.maximum(ends - MAX_AMOUNTS + is_unusual.argmax(axis=1), 0)
    since = (times - history.times[np.minimum(first, len(history.times) - 1)]) // 1000
    return (
        ratio,
        np.where(is_usual, counts, np.nan),
        np.where(has_recent, counts / np.maximum(recent_counts, 1), np.nan),
        np.where(has_unusual, since, np.nan),
        np.where(has_recent, largest, np.nan),
    )


def compute_usual_amounts(history: AccountRows, queries: Queries) -> tuple[Integers, Flags]:
    """Twice the usual amount of each account at the moment, and whether it has one."""
    return _double_usual(_find_amounts(history, queries)[1])


def _find_amounts(history: AccountRows, queries: Queries) -> tuple[Integers, Integers]:
    """The latest amounts, and those that are not confirmed fraud. Others are 0, the latest is last."""
    columns = np.arange(MAX_AMOUNTS)
    padding = np.zeros(MAX_AMOUNTS, np.int64)
    counts = queries.positions - history.starts[queries.owners]
    is_held = columns >= (MAX_AMOUNTS - counts)[:, None]
    windows = sliding_window_view(np.concatenate((padding, history.cents)), MAX_AMOUNTS)
    amounts = np.where(is_held, windows[queries.positions], 0)
    positive = amounts.copy()
    windows = sliding_window_view(np.concatenate((padding, history.frauds)), MAX_AMOUNTS)
    positive[windows[queries.positions] < queries.known[:, None]] = 0
    return amounts, positive


def _double_usual(amounts: Integers) -> tuple[Integers, Flags]:
    """Twice the median of the positive amounts of each row, and whether there are enough of them."""
    ordered = np.sort(amounts, axis=1)
    counts = (ordered > 0).sum(axis=1)
    rows = np.arange(len(ordered))
    middle = np.minimum(MAX_AMOUNTS - counts + counts // 2, MAX_AMOUNTS - 1)
    lower = np.where(counts % 2, middle, middle - 1)
    return ordered[rows, middle] + ordered[rows, lower], counts >= MIN_AMOUNTS


def count_frauds(history: AccountRows, queries: Queries, times: Integers) -> Integers:
    """The confirmed frauds of the account within 30 days."""
    frauds = np.flatnonzero(history.frauds < NOT_FRAUD)
    if not len(frauds):
        return np.zeros(len(queries), np.int64)
    owners = history.owners[frauds]
    keys, numbers = history.keys[frauds], np.sort(owners << 32 | history.frauds[frauds])
    known = np.searchsorted(numbers, queries.owners << 32 | queries.known)
    first_ms = (times // DAY_MS - 29) * DAY_MS
    earlier = np.searchsorted(keys, make_keys(queries.owners, first_ms, history.begin_ms))
    counts: Integers = np.maximum(known - earlier, 0)
    return counts


def _cumulate(column: Integers | Flags) -> Integers:
    """The sums of all values before each position."""
    sums: Integers = np.zeros(len(column) + 1, object if column.dtype == object else np.int64)
    np.cumsum(column, out=sums[1:])
    return sums
