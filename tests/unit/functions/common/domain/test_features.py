import math

import pytest

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.features import FEATURE_NAMES, FEATURES, compute_features
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from tests.unit.functions.common.domain.histories import History, purchase

COUNTS = ("account_count_1d", "account_count_7d", "account_count_30d")
MEANS = ("account_mean_1d", "account_mean_7d", "account_mean_30d")
SHARES = ("merchant_fraud_1d", "merchant_fraud_7d", "merchant_fraud_30d")


def test_first_transaction_has_a_value_or_unknown_for_each_feature() -> None:
    values = compute_features(AccountProfile(), MerchantProfile(), purchase())
    assert len(values) == len(FEATURES) == len(set(FEATURE_NAMES))
    assert [name for name, value in zip(FEATURE_NAMES, values, strict=True) if not math.isnan(value)] == [
        "amount_euros", "hour", "weekday", *COUNTS,
        "merchant_count_1d", "merchant_count_7d", "merchant_count_30d", "merchant_run",
    ]  # fmt: skip


def test_hour_and_weekday_are_in_utc() -> None:
    assert History().compute(purchase(at=13 * HOUR_MS + 1), "hour", "weekday") == [13, 6]


def test_counts_and_means_cover_1_7_and_30_days() -> None:
    history = History(purchase(10, 0), purchase(20, 24 * DAY_MS), purchase(40, 30 * DAY_MS - HOUR_MS))
    current = purchase(at=30 * DAY_MS - 1)
    assert history.compute(current, *COUNTS) == [1, 2, 3]
    assert history.compute(current, *MEANS) == pytest.approx([40, 30, 70 / 3])
    assert history.compute(purchase(at=30 * DAY_MS), *COUNTS) == [1, 2, 2]


def test_order_of_arrival_changes_nothing() -> None:
    transactions = [
        purchase(5 + number % 7, number * 7 * HOUR_MS, currency="USD" if number % 3 else "EUR")
        for number in range(60)
    ]
    forwards, backwards = History(*transactions), History(*reversed(transactions[-30:]))
    backwards_too = History(*transactions[:-30], *reversed(transactions[-30:]))
    current = purchase(9, 61 * 7 * HOUR_MS)
    names = [*COUNTS, *MEANS, "amount_to_usual", "account_idle", "amount_deviation"]
    assert forwards.compute(current, *names) == backwards_too.compute(current, *names)
    assert forwards.compute(current, *COUNTS[:2]) == backwards.compute(current, *COUNTS[:2])


@pytest.mark.parametrize(("window", "counts"), [(DAY_MS, [1, 1, 1]), (30 * DAY_MS, [0, 0, 1])])
@pytest.mark.parametrize("lateness", [1, 4 * HOUR_MS])
def test_late_transaction_has_its_whole_window(window: int, counts: list[int], lateness: int) -> None:
    history = History(purchase(10, 0), purchase(20, window - 1 + lateness))
    late = purchase(30, window - 1)
    assert history.compute(late, *COUNTS) == counts
    assert history.compute(late, "account_mean_30d") == [10]


def test_late_transaction_ignores_transactions_made_after_it() -> None:
    before = [purchase(10, day * DAY_MS) for day in range(5)]
    late = purchase(10, 5 * DAY_MS)
    history, with_later = History(*before), History(*before)
    for day in (6, 7, 20):
        with_later.count(purchase(9_999, day * DAY_MS))
    names = [*COUNTS, *MEANS, "amount_ratio", "amount_to_usual", "largest_to_usual_14d", "account_idle"]
    assert history.compute(late, *names) == with_later.compute(late, *names)


def test_amount_is_relative_to_mean_and_deviation() -> None:
    history = History(purchase(80, 0), purchase(120, HOUR_MS))
    assert history.compute(purchase(200, DAY_MS), "amount_ratio", "amount_deviation") == pytest.approx([2, 5])
    same = History(purchase(80, 0), purchase(80, HOUR_MS))
    assert math.isnan(same.compute(purchase(200, DAY_MS), "amount_deviation")[0])
    almost_same = History(purchase(80, 0), purchase("80.01", HOUR_MS))
    assert math.isnan(almost_same.compute(purchase(200, DAY_MS), "amount_deviation")[0])


def test_usual_amount_is_the_median_without_confirmed_fraud() -> None:
    history = History(*(purchase(10, day * DAY_MS) for day in range(4)), purchase(12, 4 * DAY_MS))
    frauds = [purchase(500, 4 * DAY_MS + hour * HOUR_MS) for hour in range(1, 7)]
    for fraud in frauds:
        history.count(fraud)
    current = purchase(100, 5 * DAY_MS)
    assert history.compute(current, "amount_to_usual", "account_fraud_30d") == [pytest.approx(100 / 500), 0]
    for fraud in frauds:
        history.label(fraud, 1)
    assert history.compute(current, "amount_to_usual", "account_fraud_30d") == [pytest.approx(10), 6]


def test_unusual_amounts_of_14_days_are_counted() -> None:
    history = History(*(purchase(10, day * DAY_MS) for day in range(8)), purchase(50, 8 * DAY_MS))
    names = ("unusual_count_14d", "unusual_since", "largest_to_usual_14d")
    assert history.compute(purchase(at=10 * DAY_MS), *names) == [1, 2 * 86_400, 5]
    assert history.compute(purchase(at=22 * DAY_MS), *names)[0] == 1
    assert history.compute(purchase(at=23 * DAY_MS), *names)[0] == 0


def test_currencies_are_compared_in_euros() -> None:
    history = History(*(purchase(1750, day * DAY_MS, currency="JPY") for day in range(3)))
    assert history.compute(purchase(20, 3 * DAY_MS), "amount_ratio") == [pytest.approx(2)]
    assert history.compute(purchase(1750, 3 * DAY_MS, currency="JPY"), "amount_to_usual") == [1]
    unknown = history.compute(purchase(20, 3 * DAY_MS, currency="XAU"), "amount_euros", "amount_ratio")
    assert all(math.isnan(value) for value in unknown)


def test_novelty_is_unknown_without_history() -> None:
    names = ("new_country", "new_device", "new_category")
    first = {"country": "DE", "device_id": "d1", "merchant_category": "food"}
    assert all(math.isnan(value) for value in History().compute(purchase(**first), *names))
    history = History(purchase(**first))
    assert history.compute(purchase(**first), *names) == [0, 0, 0]
    different = {"country": "FR", "device_id": "d2", "merchant_category": "fuel"}
    assert history.compute(purchase(**different), *names) == [1, 1, 1]
    assert all(math.isnan(value) for value in history.compute(purchase(), *names))


def test_speed_is_computed_from_the_last_country() -> None:
    history = History(purchase(country="DE"))
    assert history.compute(purchase(at=2 * HOUR_MS, country="US"), "speed")[0] == pytest.approx(
        3900, rel=0.05
    )
    assert history.compute(purchase(at=2 * HOUR_MS, country="DE"), "speed") == [0]


def test_windows_of_a_merchant_end_when_labels_are_due() -> None:
    history = History()
    for day in range(40):
        history.count(purchase(10, day * DAY_MS), fraud=day % 2 == 1)
    current = purchase(at=40 * DAY_MS)
    counts = ("merchant_count_1d", "merchant_count_7d", "merchant_count_30d")
    assert history.compute(current, *counts) == [1, 7, 30]
    assert history.compute(current, *SHARES) == [0, pytest.approx(3 / 7), 0.5]
    assert history.compute(current, "merchant_count_7d", delay_days=30) == [7]


def test_frauds_in_a_row_are_counted_from_the_last_genuine_transaction() -> None:
    history = History(*(purchase(10, day * DAY_MS) for day in range(10)))
    for day in range(10, 15):
        history.count(purchase(10, day * DAY_MS), fraud=True)
    names = ("merchant_run", "merchant_run_age", "merchant_run_clear", "merchant_genuine_since")
    assert history.compute(purchase(at=22 * DAY_MS), *names) == [5, 12 * 86_400, 13 * 86_400, 0]
    history.count(purchase(10, 15 * DAY_MS))
    assert history.compute(purchase(at=22 * DAY_MS), *names)[3] == 0
    assert history.compute(purchase(at=23 * DAY_MS), *names)[3] == 1


def test_fraud_of_an_unusual_amount_does_not_count_against_the_merchant() -> None:
    history = History(*(purchase(10, day * DAY_MS) for day in range(10)))
    misused = purchase(100, 10 * DAY_MS)
    history.count(misused, fraud=True)
    names = ("merchant_run", "account_fraud_30d", "merchant_fraud_30d")
    assert history.compute(purchase(at=18 * DAY_MS), *names) == [0, 1, pytest.approx(1 / 11)]
    history.label(misused, -1)
    assert history.compute(purchase(at=18 * DAY_MS), *names) == [0, 0, 0]
