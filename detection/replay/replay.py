"""Replays a dataset in columns: the features of each transaction as they were at its time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detection.data.columns import TransactionBatch
from detection.replay.account_history import AccountHistory, AccountRows, find_label_positions
from detection.replay.account_windows import (
    Queries,
    compute_amounts,
    compute_totals,
    compute_usual_amounts,
    count_frauds,
)
from detection.replay.labels import FraudLabels, LabelQueue, SegmentLabels
from detection.replay.merchant_history import LabelledHistory, MerchantHistory
from detection.replay.novelty import AccountNovelty, RefundHistory
from detection.replay.origins import OriginCounter
from detection.replay.segments import (
    MISSING,
    Flags,
    Floats,
    Integers,
    Segment,
    SegmentEncoder,
    cut_segments,
)
from functions.common.domain.features import EPOCH_WEEKDAY, FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS

_MIN_ROWS, _MAX_ROWS = 1 << 16, 1 << 19
# Each segment passes over the stored purchases, so it must not be much shorter than they are.
_STORED_PER_ROW = 2


@dataclass(frozen=True)
class FeaturedBatch:
    """Transactions in order of time, with one row of features in the order of FEATURE_NAMES for each.

    Only rows that are `scored` have features: purchases from the begin of the scored period on.
    """

    batch: TransactionBatch
    values: Floats
    is_scored: Flags


def replay_batches(
    batches: Iterable[TransactionBatch],
    *,
    label_delay_ms: int,
    label_delay_days: int,
    from_ms: int | None = None,
    min_rows: int = _MIN_ROWS,
    max_rows: int = _MAX_ROWS,
) -> Iterator[FeaturedBatch]:
    """The transactions with their features. Those before `from_ms` are history only, and have none.

    `batches`: in order of time. `label_delay_ms`: the time from a fraud to its label. `label_delay_days`: the
    label delay that the features assume. Memory holds the history of accounts, merchants, categories, devices
    and IP addresses as far as features depend on it. `min_rows`, `max_rows`: how many transactions are
    replayed together.
    """
    replay = _Replay(label_delay_ms, label_delay_days, from_ms)
    for batch in cut_segments(batches, lambda: replay.choose_rows(min_rows, max_rows)):
        yield replay.add(batch)


def cut_batches(batches: Iterable[TransactionBatch], to_ms: int) -> Iterator[TransactionBatch]:
    """The transactions before `to_ms`. Later batches are not read."""
    for batch in batches:
        if len(batch) and batch.times_ms[-1] >= to_ms:
            yield batch.take(np.arange(np.searchsorted(batch.times_ms, to_ms)))
            return
        yield batch


class _Replay:
    def __init__(self, label_delay_ms: int, label_delay_days: int, from_ms: int | None) -> None:
        self._label_delay_days = label_delay_days
        self._from_ms = from_ms
        self._encoder = SegmentEncoder()
        self._labels = LabelQueue(label_delay_ms)
        self._accounts = AccountHistory()
        self._novelty = AccountNovelty(self._encoder.countries)
        self._refunds = RefundHistory()
        self._merchants = MerchantHistory()
        self._categories = LabelledHistory()
        self._origins = OriginCounter(self._encoder.accounts)

    def choose_rows(self, min_rows: int, max_rows: int) -> int:
        return max(min_rows, min(len(self._accounts) // _STORED_PER_ROW, max_rows))

    def add(self, batch: TransactionBatch) -> FeaturedBatch:
        """Add a segment. Returns its features."""
        segment = self._encoder.encode(batch)
        labels = self._labels.add(segment)
        is_scored = segment.is_purchase.copy()
        if self._from_ms is not None:
            is_scored &= segment.times >= self._from_ms
        values = np.full((len(FEATURE_NAMES), len(segment)), np.nan)
        table = _FeatureTable(values)
        rows = np.flatnonzero(is_scored)
        table.set("amount_euros", rows, _time_columns(segment, rows))
        self._add_account_columns(segment, labels, is_scored, table)
        self._add_merchant_columns(segment, labels, rows, table)
        self._add_category_columns(segment, labels, rows, table)
        table.set("origin_accounts_1h", rows, [column[rows] for column in self._origins.use(segment)])
        return FeaturedBatch(batch, values.T, is_scored)

    def _add_account_columns(
        self, segment: Segment, labels: SegmentLabels, is_scored: Flags, table: "_FeatureTable"
    ) -> None:
        is_active = np.zeros(len(self._encoder.accounts), np.bool_)
        is_active[segment.accounts] = True
        is_active[labels.arrived.accounts] = True
        history = self._accounts.add(segment, labels, is_active)
        self._is_unusual = _find_unusual(history, labels.arrived)
        positions = np.flatnonzero(history.rows >= 0)
        purchases = history.rows[positions]
        hashes = self._encoder.merchants.hashes(segment.merchants)
        novelty, ages, new_devices = self._novelty.use(segment, purchases, hashes)
        self._has_new_device = np.zeros(len(segment), np.bool_)
        self._has_new_device[purchases] = ages[0] == 0
        asked = is_scored[purchases]
        positions, rows = positions[asked], purchases[asked]
        table.set("new_country", rows, [column[asked] for column in novelty])
        table.set("device_age", rows, [column[asked] for column in ages])
        table.set("new_devices_7d", rows, [new_devices[asked]])
        queries = Queries(history.owners[positions], positions, labels.known[rows])
        times, cents = segment.times[rows], segment.cents[rows]
        table.set("account_count_1d", rows, compute_totals(history, queries, times, cents))
        frauds = count_frauds(history, queries, times)
        table.set("amount_to_usual", rows, compute_amounts(history, queries, times, cents, frauds))
        self._refunds.add(segment)
        table.set("account_refunds_30d", rows, [self._refunds.count(segment, rows)])

    def _add_merchant_columns(
        self, segment: Segment, labels: SegmentLabels, rows: Integers, table: "_FeatureTable"
    ) -> None:
        self._merchants.add(segment, segment.merchants, labels.fraud_numbers, self._is_unusual)
        self._merchants.add_activity(segment, self._has_new_device)
        merchants, times, known = segment.merchants[rows], segment.times[rows], labels.known[rows]
        delay = self._label_delay_days
        counts, shares = self._merchants.compute_windows(merchants, times, known, delay, (1, 7, 30))
        table.set("merchant_count_1d", rows, counts + shares)
        runs = self._merchants.compute_fraud_runs(merchants, times, known, delay)
        table.set("merchant_run", rows, runs)
        *activity, new_devices = self._merchants.compute_activity(merchants, times, segment.cents[rows])
        table.set("merchant_count_10m", rows, activity)
        table.set("merchant_new_devices_1h", rows, [new_devices])
        table.set("merchant_recent_1d", rows, self._merchants.count_recent(merchants, times))

    def _add_category_columns(
        self, segment: Segment, labels: SegmentLabels, rows: Integers, table: "_FeatureTable"
    ) -> None:
        categories = segment.categories
        # No feature of a category depends on unusual amounts.
        self._categories.add(segment, categories, labels.fraud_numbers, {})
        rows = rows[categories[rows] != MISSING]
        _, shares = self._categories.compute_windows(
            categories[rows], segment.times[rows], labels.known[rows], self._label_delay_days, (7, 30)
        )
        table.set("category_fraud_7d", rows, shares)


class _FeatureTable:
    def __init__(self, values: Floats) -> None:
        self._values = values

    def set(self, first: str, rows: Integers, columns: Sequence[Floats | Integers]) -> None:
        """Set the values of consecutive features for some rows."""
        begin = FEATURE_NAMES.index(first)
        for number, column in enumerate(columns, begin):
            self._values[number, rows] = column


def _time_columns(segment: Segment, rows: Integers) -> list[Floats | Integers]:
    times = segment.times[rows]
    return [segment.euros[rows], times % DAY_MS // HOUR_MS, (times // DAY_MS + EPOCH_WEEKDAY) % 7]


def _find_unusual(history: AccountRows, labels: FraudLabels) -> dict[int, bool]:
    """Whether the amount of each labelled fraud is unusual for its account, by fraud number."""
    owners, positions = find_label_positions(history, labels)
    doubled, is_usual = compute_usual_amounts(history, Queries(owners, positions, labels.numbers + 1))
    # An amount is unusual above twice the usual one.
    is_unusual = is_usual & (labels.cents > doubled)
    return dict(zip(labels.numbers.tolist(), is_unusual.tolist(), strict=True))
