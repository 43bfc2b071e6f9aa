"""Sums and counts over the past of each transaction, for the features of baselines. Times are in seconds."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

DAY = 86_400


def sum_windows(
    owners: Indices, seconds: Indices, amounts: Floats, *, length: int, delay: int = 0
) -> tuple[Floats, Floats]:
    """Count and sum of the owner's amounts in a window of `length` that ends `delay` before each transaction.

    Without a delay, the window includes the transaction.
    """
    order = np.argsort(owners, kind="stable")
    # The owners' times are shifted so far apart that no window contains transactions of two owners.
    far = int(seconds.max(initial=0)) + 100 * DAY
    times = owners[order] * far + seconds[order]
    sums = np.concatenate([[0.0], np.cumsum(amounts[order])])
    end = np.searchsorted(times, times - delay, side="right")
    begin = np.searchsorted(times, times - delay - length, side="right")
    count, total = np.empty(len(order)), np.empty(len(order))
    count[order], total[order] = end - begin, sums[end] - sums[begin]
    return count, total


def find_first_uses(owners: Indices, values: Indices) -> NDArray[np.bool_]:
    """Whether each transaction is the first one of its owner with its value."""
    order = np.lexsort((values, owners))
    same = (np.diff(owners[order]) == 0) & (np.diff(values[order]) == 0)
    first = np.empty(len(order), np.bool_)
    # lexsort is stable, so the first of equal pairs is the earliest.
    first[order] = np.concatenate([[True], ~same])[: len(order)]
    return first


def seconds_since_last(owners: Indices, seconds: Indices) -> Floats:
    """The seconds since the owner's last transaction, NaN for the first one."""
    order = np.argsort(owners, kind="stable")
    gaps = np.concatenate([[0.0], np.diff(seconds[order]).astype(float)])[: len(order)]
    gaps[np.concatenate([[True], np.diff(owners[order]) != 0])[: len(order)]] = np.nan
    result = np.empty(len(order))
    result[order] = gaps
    return result


def count_distinct_today(owners: Indices, values: Indices, days: Indices) -> Floats:
    """The number of different values of the owner on the day so far, with the own one."""
    groups = owners * (int(days.max(initial=0)) + 1) + days
    first = find_first_uses(groups, values).astype(float)
    order = np.argsort(groups, kind="stable")
    sums = np.cumsum(first[order])
    begins = np.searchsorted(groups[order], groups[order], side="left")
    result = np.empty(len(order))
    result[order] = sums - np.concatenate([[0.0], sums])[begins]
    return result
