"""Features of a merchant: its latest activity, shares of confirmed fraud, and the latest frauds in a row.

The shares of a merchant category have the same windows.
"""

import math
from bisect import bisect_left, bisect_right

from functions.common.domain.merchant_profile import CategoryProfile, MerchantActivity
from functions.common.domain.time_buckets import (
    DAY_MS,
    HALF_DAY_MS,
    HALF_DAYS_IN_WINDOW,
    MINUTE_MS,
    HalfDayBuckets,
)

# The function `merchants` has counted a transaction by then: a minute to gather a batch, and one to write it.
COUNTED_AFTER_MS = 2 * MINUTE_MS
UNKNOWN = math.nan
_DAY_SECONDS = 86_400


def compute_labelled_windows(half_days: HalfDayBuckets, timestamp: int, label_delay_days: int) -> list[float]:
    """Counts and shares of confirmed fraud in the windows that end when labels are due.

    A half day has at most as many frauds as transactions: labels may arrive for transactions that were not
    counted, such as those before an upgrade.
    """
    numbers, counts = half_days.numbers, half_days.counts
    due = (timestamp - label_delay_days * DAY_MS) // HALF_DAY_MS
    end = bisect_left(numbers, due)
    begin = bisect_left(numbers, due - 60, 0, end)
    count_30 = sum(counts[begin:end])
    if not count_30:
        return [0, 0, 0, UNKNOWN, UNKNOWN, UNKNOWN]
    fraud_30 = _sum_frauds(half_days, begin, end)
    begin = bisect_left(numbers, due - 14, begin, end)
    count_7 = sum(counts[begin:end])
    fraud_7 = _sum_frauds(half_days, begin, end) if fraud_30 else 0
    begin = bisect_left(numbers, due - 2, begin, end)
    count_1 = sum(counts[begin:end])
    fraud_1 = _sum_frauds(half_days, begin, end) if fraud_7 else 0
    return [
        count_1,
        count_7,
        count_30,
        fraud_1 / count_1 if count_1 else UNKNOWN,
        fraud_7 / count_7 if count_7 else UNKNOWN,
        fraud_30 / count_30,
    ]


def compute_category_shares(
    category: CategoryProfile | None, timestamp: int, label_delay_days: int
) -> list[float]:
    """The shares of confirmed fraud in 7 and 30 days. `None`: the transaction has no category."""
    if category is None:
        return [UNKNOWN, UNKNOWN]
    return compute_labelled_windows(category.half_days, timestamp, label_delay_days)[-2:]


def count_recent(half_days: HalfDayBuckets, timestamp: int) -> list[float]:
    """The merchant's transactions in a day and 7 days.

    The windows are whole half days that ended when transactions were certainly counted.
    """
    numbers, counts = half_days.numbers, half_days.counts
    half_day = (timestamp - COUNTED_AFTER_MS) // HALF_DAY_MS
    end = bisect_left(numbers, half_day)
    begin = bisect_left(numbers, half_day - 14, 0, end)
    return [sum(counts[bisect_left(numbers, half_day - 2, begin, end) : end]), sum(counts[begin:end])]


def compute_activity(activity: MerchantActivity, timestamp: int, cents: int | None) -> list[float]:
    """Counts of 10 minutes and an hour, tiny amounts of an hour, the relative amount, and new devices.

    The amount is relative to the mean one. New devices are those of an hour.
    The windows are whole minutes and whole days that ended when transactions were certainly counted.
    """
    counted_ms = timestamp - COUNTED_AFTER_MS
    minute, numbers = counted_ms // MINUTE_MS, activity.minutes.numbers
    count_10 = count_60 = tiny = new_devices = 0
    if numbers and numbers[-1] >= minute - 60:
        counts = activity.minutes.counts
        end = bisect_left(numbers, minute)
        begin = bisect_left(numbers, minute - 60, 0, end)
        count_60, tiny = sum(counts[begin:end]), sum(activity.minutes.tiny[begin:end])
        new_devices = sum(activity.minutes.new_devices[begin:end])
        count_10 = sum(counts[bisect_left(numbers, minute - 10, begin, end) : end])
    ratio = UNKNOWN
    if cents is not None:
        day, days = counted_ms // DAY_MS, activity.days
        end = bisect_left(days.numbers, day)
        begin = bisect_left(days.numbers, day - 30, 0, end)
        if begin < end:
            ratio = cents * sum(days.counts[begin:end]) / sum(days.totals[begin:end])
    return [count_10, count_60, tiny, ratio, new_devices]


def compute_fraud_run(half_days: HalfDayBuckets, timestamp: int, label_delay_days: int) -> list[float]:
    """The latest confirmed frauds in a row, and the genuine transactions before and after them.

    Frauds of unusual amounts are excluded: they point to the account, not to the merchant.
    """
    numbers, counts = half_days.numbers, half_days.counts
    frauds, unusual = half_days.frauds, half_days.unusual
    own = timestamp // HALF_DAY_MS
    due = (timestamp - label_delay_days * DAY_MS) // HALF_DAY_MS
    # A profile can have older rows. Whether it does must not change a feature.
    begin = bisect_left(numbers, own - HALF_DAYS_IN_WINDOW + 1)
    end_due = bisect_left(numbers, due)
    # Most merchants have no frauds, and `any` is faster than the loop.
    last = bisect_right(numbers, own) - 1 if any(frauds) else begin - 1
    while last >= begin and frauds[last] <= unusual[last]:
        last -= 1
    if last < begin:
        genuine_before = end_due - 1
        while genuine_before >= begin and counts[genuine_before] <= frauds[genuine_before]:
            genuine_before -= 1
        clear = UNKNOWN if genuine_before < begin else _seconds_since(numbers[genuine_before], timestamp)
        return [0, UNKNOWN, clear, UNKNOWN]
    genuine_since = sum(counts[last + 1 : end_due]) - sum(frauds[last + 1 : end_due])
    run, first, row, clear = 0, last, last, UNKNOWN
    while row >= begin:
        if frauds[row] > unusual[row]:
            run += frauds[row] - unusual[row]
            first = row
        if row < end_due and counts[row] > frauds[row]:
            clear = _seconds_since(numbers[row], timestamp)
            break
        row -= 1
    return [run, _seconds_since(numbers[first], timestamp), clear, max(genuine_since, 0)]


def _sum_frauds(half_days: HalfDayBuckets, begin: int, end: int) -> int:
    return sum(map(min, half_days.frauds[begin:end], half_days.counts[begin:end]))


def _seconds_since(half_day: int, timestamp: int) -> float:
    """The seconds in the whole days since the day of a half day."""
    return (timestamp // DAY_MS - half_day * HALF_DAY_MS // DAY_MS) * _DAY_SECONDS
