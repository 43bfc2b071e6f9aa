"""A merchant's features depend neither on when its transactions are counted nor on its older rows."""

import random
from typing import NamedTuple

import pytest

from functions.common.domain.merchant_features import (
    compute_category_shares,
    compute_fraud_run,
    compute_labelled_windows,
)
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.time_buckets import DAY_MS, HALF_DAYS_IN_WINDOW, MAX_HALF_DAYS, HalfDayBuckets

DELAYS_DAYS = (1, 7, 30)
NOW_HALF_DAY = 40_000
HALF_DAY_MS = DAY_MS // 2


class Labelled(NamedTuple):
    timestamp: int
    fraud_after_ms: int | None
    unusual: bool


def compute(half_days: HalfDayBuckets, timestamp: int, delay_days: int) -> str:
    """All features, as text, because unknown values are NaN."""
    windows = compute_labelled_windows(half_days, timestamp, delay_days)
    return str([*windows, *compute_fraud_run(half_days, timestamp, delay_days)])


def generate(chance: random.Random) -> list[Labelled]:
    transactions = []
    timestamp = NOW_HALF_DAY * HALF_DAY_MS
    for _ in range(400):
        timestamp += int(chance.expovariate(1 / (12 * 3_600_000)))
        is_fraud = chance.random() < 0.2
        after = chance.randrange(60_000, 20 * DAY_MS) if is_fraud else None
        transactions.append(Labelled(timestamp, after, chance.random() < 0.5))
    return transactions


@pytest.mark.parametrize("delay_days", DELAYS_DAYS)
def test_features_are_the_same_however_late_transactions_are_counted(delay_days: int) -> None:
    """Counts may be late by half a day less than the label delay. A label may come before its count."""
    longest_ms = (delay_days - 1) * DAY_MS + HALF_DAY_MS
    for seed in range(20):
        chance = random.Random(seed)  # noqa: S311
        at_once, late = MerchantProfile().half_days, MerchantProfile().half_days
        events: list[tuple[int, str, Labelled]] = []
        for transaction in generate(chance):
            counted_at = transaction.timestamp + chance.randrange(longest_ms)
            events += [
                (transaction.timestamp, "made", transaction),
                (counted_at, "counted late", transaction),
            ]
            if transaction.fraud_after_ms is not None:
                events.append((transaction.timestamp + transaction.fraud_after_ms, "fraud", transaction))
        for time, kind, transaction in sorted(events):
            if kind == "made":
                assert compute(at_once, time, delay_days) == compute(late, time, delay_days), seed
                at_once.add(transaction.timestamp)
            elif kind == "counted late":
                late.add(transaction.timestamp)
            else:
                for half_days in (at_once, late):
                    half_days.add_fraud(transaction.timestamp, 1, is_unusual=transaction.unusual)
        assert any(at_once.unusual)


@pytest.mark.parametrize("delay_days", DELAYS_DAYS)
def test_features_do_not_depend_on_older_rows(delay_days: int) -> None:
    for seed in range(20):
        chance = random.Random(seed)  # noqa: S311
        half_days = HalfDayBuckets()
        for number in range(NOW_HALF_DAY - MAX_HALF_DAYS + 1, NOW_HALF_DAY):
            if chance.random() < 0.3:
                half_days.add_count(number, chance.randint(0, 2))
            if chance.random() < 0.5:
                half_days.add_fraud(number * HALF_DAY_MS, 1, is_unusual=False)
        begin = next(
            row for row, number in enumerate(half_days.numbers) if number > NOW_HALF_DAY - HALF_DAYS_IN_WINDOW
        )
        columns = (half_days.numbers, half_days.counts, half_days.frauds, half_days.unusual)
        trimmed = HalfDayBuckets(*(column[begin:] for column in columns))
        assert len(trimmed.numbers) < len(half_days.numbers)
        timestamp = NOW_HALF_DAY * HALF_DAY_MS
        assert compute(half_days, timestamp, delay_days) == compute(trimmed, timestamp, delay_days)


def test_late_transaction_finds_the_rows_of_its_whole_window() -> None:
    """A transaction that arrives a week after a newer one still has the rows that its features need."""
    half_days = HalfDayBuckets()
    for number in range(NOW_HALF_DAY - MAX_HALF_DAYS - 10, NOW_HALF_DAY + 1):
        half_days.add_count(number, 1)
    oldest_needed = NOW_HALF_DAY - 14 - HALF_DAYS_IN_WINDOW + 1
    assert half_days.numbers[0] == oldest_needed


def test_any_number_of_frauds_of_unusual_amounts_makes_no_run() -> None:
    half_days = HalfDayBuckets()
    for number in range(20):
        half_days.add_count(NOW_HALF_DAY + number, 1)
        half_days.add_fraud((NOW_HALF_DAY + number) * HALF_DAY_MS, 1, is_unusual=True)
    run, *_ = compute_fraud_run(half_days, (NOW_HALF_DAY + 40) * HALF_DAY_MS, 7)
    assert run == 0


def test_fraud_confirmed_before_its_transaction_is_counted_is_kept() -> None:
    half_days = HalfDayBuckets()
    half_days.add_fraud(NOW_HALF_DAY * HALF_DAY_MS, 1, is_unusual=False)
    half_days.add_count(NOW_HALF_DAY, 1)
    assert (half_days.counts, half_days.frauds) == ([1], [1])


def test_share_of_a_category_is_that_of_its_labelled_days() -> None:
    category, due = CategoryProfile(), NOW_HALF_DAY - 14
    for half_day, count, frauds in (
        (due, 1_000, 1_000),
        (due - 1, 100, 3),
        (due - 14, 100, 1),
        (due - 15, 200, 20),
        (due - 60, 400, 0),
        (due - 61, 1_000, 1_000),
    ):
        category.half_days.add_count(half_day, count)
        category.half_days.add_fraud(half_day * HALF_DAY_MS, frauds, is_unusual=False)
    shares = compute_category_shares(category, NOW_HALF_DAY * HALF_DAY_MS + 1, 7)
    assert shares == [4 / 200, 24 / 800]


def test_labels_of_transactions_that_were_not_counted_raise_no_share() -> None:
    """Labels of the time before an upgrade arrive after it."""
    category, due = CategoryProfile(), NOW_HALF_DAY - 14
    for half_day in range(due - 10, due):
        category.half_days.add_fraud(half_day * HALF_DAY_MS, 5, is_unusual=False)
    assert str(compute_category_shares(category, NOW_HALF_DAY * HALF_DAY_MS, 7)) == "[nan, nan]"
    category.half_days.add_count(due - 1, 100)
    assert compute_category_shares(category, NOW_HALF_DAY * HALF_DAY_MS, 7) == [0.05, 0.05]


def test_reverted_fraud_that_was_not_counted_leaves_no_negative_count() -> None:
    half_days = HalfDayBuckets()
    half_days.add_count(NOW_HALF_DAY, 9)
    half_days.add_fraud(NOW_HALF_DAY * HALF_DAY_MS, -1, is_unusual=True)
    assert (half_days.frauds, half_days.unusual) == ([0], [0])
