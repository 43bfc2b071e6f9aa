"""Labels of frauds, which arrive a fixed time after the transaction."""

from dataclasses import dataclass

import numpy as np

from detection.replay.segments import Integers, Segment

NOT_FRAUD = np.iinfo(np.int32).max
"""The fraud number of a genuine transaction, which is higher than any number of labels."""


@dataclass(frozen=True)
class FraudLabels:
    """Labels that arrive within a segment, before the row `rows` of it.

    `numbers` are fraud numbers: frauds have consecutive numbers, in order of time, and so have labels.
    `frauds` are the numbers of the transactions in the dataset.
    """

    numbers: Integers
    frauds: Integers
    accounts: Integers
    merchants: Integers
    times: Integers
    cents: Integers
    rows: Integers

    def select(self, selection: slice) -> "FraudLabels":
        return FraudLabels(*(column[selection] for column in self._columns()))

    def followed_by(self, later: "FraudLabels") -> "FraudLabels":
        pairs = zip(self._columns(), later._columns(), strict=True)
        return FraudLabels(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> tuple[Integers, ...]:
        return (
            self.numbers,
            self.frauds,
            self.accounts,
            self.merchants,
            self.times,
            self.cents,
            self.rows,
        )


@dataclass(frozen=True)
class SegmentLabels:
    """The fraud number of each row or NOT_FRAUD, the number of labels before each row, and the labels."""

    fraud_numbers: Integers
    known: Integers
    arrived: FraudLabels


class LabelQueue:
    """The frauds whose labels have not arrived yet."""

    def __init__(self, delay_ms: int) -> None:
        self._delay_ms = delay_ms
        none = np.zeros(0, np.int64)
        self._pending = FraudLabels(none, none, none, none, none, none, none)
        self._frauds = 0

    def add(self, segment: Segment) -> SegmentLabels:
        """Add the frauds of a segment. Returns the labels that arrive in it."""
        rows = np.flatnonzero(segment.is_fraud)
        numbers = self._frauds + np.arange(len(rows))
        self._frauds += len(rows)
        fraud_numbers = np.full(len(segment), NOT_FRAUD, np.int64)
        fraud_numbers[rows] = numbers
        frauds = FraudLabels(
            numbers,
            segment.first + rows,
            segment.accounts[rows],
            segment.merchants[rows],
            segment.times[rows],
            segment.cents[rows],
            rows,
        )
        pending = self._pending.followed_by(frauds)
        # A label arrives before the first transaction that is not earlier, and after its own transaction.
        arrivals = np.maximum(
            np.searchsorted(segment.times, pending.times + self._delay_ms),
            pending.frauds - segment.first + 1,
        )
        arrived = int(np.searchsorted(arrivals, len(segment)))
        pending.rows[:] = arrivals
        self._pending = pending.select(slice(arrived, None))
        known = (
            self._frauds
            - len(pending.rows)
            + np.searchsorted(arrivals[:arrived], np.arange(len(segment)), "right")
        )
        return SegmentLabels(fraud_numbers, known, pending.select(slice(arrived)))
