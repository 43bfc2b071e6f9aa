"""The purchases of accounts, in order of account and time, as far as features depend on them."""

from dataclasses import dataclass

import numpy as np

from detection.replay.labels import FraudLabels, SegmentLabels
from detection.replay.segments import Flags, Integers, Segment
from functions.common.domain.account_profile import MAX_AMOUNTS
from functions.common.domain.time_buckets import DAY_MS, MAX_DAYS

# A key is an account, followed by a time in this many bits.
_TIME_BITS = 43
# The windows of purchases do not reach back further than this.
_WINDOW_MS = MAX_DAYS * DAY_MS


@dataclass(frozen=True)
class AccountRows:
    """Purchases, ordered by account and time: those of a segment and earlier ones of the same accounts.

    `owners` number the accounts of the segment from 0; `numbers` are their numbers in the dataset.
    `starts` are the first purchases of the accounts, and the number of all purchases. `begin_ms` is the
    time from which `keys` tell times apart. `frauds`: fraud numbers or NOT_FRAUD. `rows`: the row of the
    segment, -1 for an earlier purchase.
    """

    numbers: Integers
    owners: Integers
    starts: Integers
    times: Integers
    cents: Integers
    frauds: Integers
    rows: Integers
    keys: Integers
    begin_ms: int

    def count_before(self, owners: Integers, times: Integers) -> Integers:
        """The number of purchases of all lower owners, and of each owner before each time."""
        return np.searchsorted(self.keys, make_keys(owners, times, self.begin_ms))


class AccountHistory:
    """Holds the purchases that later features depend on: the latest ones, and those of the longest window."""

    def __init__(self) -> None:
        self._accounts = np.zeros(0, np.int32)
        self._times = np.zeros(0, np.int64)
        self._cents = np.zeros(0, np.int64)
        self._frauds = np.zeros(0, np.int32)

    def __len__(self) -> int:
        return len(self._accounts)

    def add(self, segment: Segment, labels: SegmentLabels, is_active: Flags) -> AccountRows:
        """Add the purchases of a segment. `is_active`: whether an account has purchases or labels in it."""
        new = np.flatnonzero(segment.is_purchase)
        stored = is_active[self._accounts]
        accounts = np.concatenate((self._accounts[stored], segment.accounts[new]))
        order = np.argsort(accounts, kind="stable")
        times = np.concatenate((self._times[stored], segment.times[new]))[order]
        cents = np.concatenate((self._cents[stored], segment.cents[new]))[order]
        frauds = np.concatenate((self._frauds[stored], labels.fraud_numbers[new]))[order]
        rows = np.concatenate((np.full(int(stored.sum()), -1), new))[order]
        accounts = accounts[order].astype(np.int64)
        is_first = np.diff(accounts, prepend=-1) != 0
        owners = np.cumsum(is_first) - 1
        starts = np.append(np.flatnonzero(is_first), len(accounts))
        begin_ms = int(segment.times[0]) - _WINDOW_MS
        if len(labels.arrived.times):
            begin_ms = min(begin_ms, int(labels.arrived.times[0]) - 1)
        history = AccountRows(
            accounts[starts[:-1]],
            owners,
            starts,
            times,
            cents,
            frauds.astype(np.int64),
            rows,
            make_keys(owners, times, begin_ms),
            begin_ms,
        )
        _settle_equal_times(history, labels.arrived)
        self._store(history, ~stored, int(segment.times[-1]))
        return history

    def _store(self, history: AccountRows, keep: Flags, last_ms: int) -> None:
        from_end = history.starts[history.owners + 1] - np.arange(len(history.owners))
        oldest_ms = (last_ms // DAY_MS - MAX_DAYS) * DAY_MS
        needed = (from_end <= MAX_AMOUNTS) | (history.times >= oldest_ms)
        accounts = history.numbers[history.owners[needed]].astype(np.int32)
        self._accounts = np.concatenate((self._accounts[keep], accounts))
        self._times = np.concatenate((self._times[keep], history.times[needed]))
        self._cents = np.concatenate((self._cents[keep], history.cents[needed]))
        self._frauds = np.concatenate((self._frauds[keep], history.frauds[needed].astype(np.int32)))


def make_keys(owners: Integers, times: Integers, begin_ms: int) -> Integers:
    """Numbers that are ordered by owner and time. Times before `begin_ms` are equal."""
    keys: Integers = owners << _TIME_BITS | np.maximum(times - begin_ms, 0)
    return keys


def find_label_positions(history: AccountRows, arrived: FraudLabels) -> tuple[Integers, Integers]:
    """The owner of each label, and the position of the first purchase after it."""
    owners = np.searchsorted(history.numbers, arrived.accounts)
    # Rows of earlier segments are -1.
    keys = history.owners << _TIME_BITS | history.rows + 1
    return owners, np.searchsorted(keys, owners << _TIME_BITS | arrived.rows + 1)


def _settle_equal_times(history: AccountRows, arrived: FraudLabels) -> None:
    """Exchange the fraud numbers of purchases that an account made in the same millisecond.

    A label marks the amount that is closest to its own among those that the profile holds and that are not
    marked, as `count_account_fraud` does.
    """
    owners, positions = find_label_positions(history, arrived)
    begins = history.count_before(owners, arrived.times)
    ends = history.count_before(owners, arrived.times + 1)
    frauds, cents = history.frauds, history.cents
    is_own = frauds[np.minimum(begins, len(frauds) - 1)] == arrived.numbers
    is_ambiguous = (arrived.cents > 0) & ((ends - begins > 1) | (ends - begins == 1) & ~is_own)
    for label in np.flatnonzero(is_ambiguous).tolist():
        begin, number, amount = int(begins[label]), int(arrived.numbers[label]), int(arrived.cents[label])
        held = range(
            max(begin, int(positions[label]) - MAX_AMOUNTS), min(int(ends[label]), int(positions[label]))
        )
        candidates = [row for row in held if cents[row] > 0 and frauds[row] >= number]
        if candidates:
            chosen = min(candidates, key=lambda row: abs(int(cents[row]) - amount))
            # The label's own purchase is not stored if the profile has dropped it long ago.
            for own in np.flatnonzero(frauds[begin : ends[label]] == number).tolist():
                frauds[begin + own] = frauds[chosen]
            frauds[chosen] = number
