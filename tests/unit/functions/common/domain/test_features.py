import math

import pytest

from functions.common.domain.features import FEATURES, NAMES, features
from functions.common.domain.profiles import AccountProfile, MerchantProfile
from tests.unit.functions.common.domain.histories import DAY, HOUR, History, bought

COUNTS = ("account_count_1d", "account_count_7d", "account_count_30d")
MEANS = ("account_mean_1d", "account_mean_7d", "account_mean_30d")
SHARES = ("merchant_fraud_1d", "merchant_fraud_7d", "merchant_fraud_30d")


def test_first_transaction_of_all_has_a_value_or_unknown_for_each_feature() -> None:
    values = features(AccountProfile(), MerchantProfile(), bought())
    assert len(values) == len(FEATURES) == len(set(NAMES))
    assert [name for name, value in zip(NAMES, values, strict=True) if not math.isnan(value)] == [
        "amount_euros", "hour", "weekday", *COUNTS,
        "merchant_count_1d", "merchant_count_7d", "merchant_count_30d", "merchant_run",
    ]  # fmt: skip


def test_hour_and_weekday_are_those_of_utc() -> None:
    assert History().of(bought(at=13 * HOUR + 1), "hour", "weekday") == [13, 6]


def test_counts_and_means_are_of_1_7_and_30_days() -> None:
    history = History(bought(10, 0), bought(20, 24 * DAY), bought(40, 30 * DAY - HOUR))
    now = bought(at=30 * DAY - 1)
    assert history.of(now, *COUNTS) == [1, 2, 3]
    assert history.of(now, *MEANS) == pytest.approx([40, 30, 70 / 3])
    assert history.of(bought(at=30 * DAY), *COUNTS) == [1, 2, 2]


def test_order_of_arrival_changes_nothing() -> None:
    made = [bought(5 + number % 7, number * 7 * HOUR) for number in range(60)]
    forwards, backwards = History(*made), History(*reversed(made[-30:]))
    backwards_too = History(*made[:-30], *reversed(made[-30:]))
    now = bought(9, 61 * 7 * HOUR)
    names = [*COUNTS, *MEANS, "amount_to_usual", "account_idle", "amount_deviation"]
    assert forwards.of(now, *names) == pytest.approx(backwards_too.of(now, *names))
    assert forwards.of(now, *COUNTS[:2]) == backwards.of(now, *COUNTS[:2])


def test_transaction_that_comes_late_does_not_see_what_was_made_after_it() -> None:
    before = [bought(10, day * DAY) for day in range(5)]
    late = bought(10, 5 * DAY)
    history, knowing_more = History(*before), History(*before)
    for day in (6, 7, 20):
        knowing_more.count(bought(9_999, day * DAY))
    names = [*COUNTS, *MEANS, "amount_ratio", "amount_to_usual", "largest_to_usual_14d", "account_idle"]
    assert history.of(late, *names) == knowing_more.of(late, *names)


def test_amount_is_told_against_mean_and_spread() -> None:
    history = History(bought(80, 0), bought(120, HOUR))
    assert history.of(bought(200, DAY), "amount_ratio", "amount_deviation") == pytest.approx([2, 5])
    same = History(bought(80, 0), bought(80, HOUR))
    assert math.isnan(same.of(bought(200, DAY), "amount_deviation")[0])


def test_usual_amount_is_the_median_and_confirmed_fraud_has_no_part_in_it() -> None:
    history = History(*(bought(10, day * DAY) for day in range(4)), bought(12, 4 * DAY))
    frauds = [bought(500, 4 * DAY + hour * HOUR) for hour in range(1, 7)]
    for fraud in frauds:
        history.count(fraud)
    now = bought(100, 5 * DAY)
    assert history.of(now, "amount_to_usual", "account_fraud_30d") == [pytest.approx(100 / 500), 0]
    for fraud in frauds:
        history.label(fraud, 1)
    assert history.of(now, "amount_to_usual", "account_fraud_30d") == [pytest.approx(10), 6]


def test_unusual_amounts_of_14_days_are_counted() -> None:
    history = History(*(bought(10, day * DAY) for day in range(8)), bought(50, 8 * DAY))
    names = ("unusual_count_14d", "unusual_since", "largest_to_usual_14d")
    assert history.of(bought(at=10 * DAY), *names) == [1, 2 * 86_400, 5]
    assert history.of(bought(at=22 * DAY), *names)[0] == 1
    assert history.of(bought(at=23 * DAY), *names)[0] == 0


def test_currencies_are_compared_in_euros() -> None:
    history = History(*(bought(1750, day * DAY, currency="JPY") for day in range(3)))
    assert history.of(bought(20, 3 * DAY), "amount_ratio") == [pytest.approx(2)]
    unknown = history.of(bought(20, 3 * DAY, currency="XAU"), "amount_euros", "amount_ratio")
    assert all(math.isnan(value) for value in unknown)


def test_first_times_are_told_once_something_is_known() -> None:
    names = ("new_country", "new_device", "new_category")
    with_all = {"country": "DE", "device_id": "d1", "merchant_category": "food"}
    assert all(math.isnan(value) for value in History().of(bought(**with_all), *names))
    history = History(bought(**with_all))
    assert history.of(bought(**with_all), *names) == [0, 0, 0]
    others = {"country": "FR", "device_id": "d2", "merchant_category": "fuel"}
    assert history.of(bought(**others), *names) == [1, 1, 1]
    assert all(math.isnan(value) for value in history.of(bought(), *names))


def test_speed_is_from_the_last_country() -> None:
    history = History(bought(country="DE"))
    assert history.of(bought(at=2 * HOUR, country="US"), "speed")[0] == pytest.approx(3900, rel=0.05)
    assert history.of(bought(at=2 * HOUR, country="DE"), "speed") == [0]


def test_windows_of_a_merchant_end_where_labels_are_due() -> None:
    history = History()
    for day in range(40):
        history.count(bought(10, day * DAY), fraud=day % 2 == 1)
    now = bought(at=40 * DAY)
    counts = ("merchant_count_1d", "merchant_count_7d", "merchant_count_30d")
    assert history.of(now, *counts) == [1, 7, 30]
    assert history.of(now, *SHARES) == [0, pytest.approx(3 / 7), 0.5]
    assert history.of(now, "merchant_count_7d", delay_days=30) == [7]


def test_frauds_in_a_row_are_counted_from_the_last_genuine_transaction_on() -> None:
    history = History(*(bought(10, day * DAY) for day in range(10)))
    for day in range(10, 15):
        history.count(bought(10, day * DAY), fraud=True)
    names = ("merchant_run", "merchant_run_age", "merchant_run_clear", "merchant_genuine_since")
    assert history.of(bought(at=22 * DAY), *names) == [5, 12 * 86_400, 13 * 86_400, 0]
    history.count(bought(10, 15 * DAY))
    assert history.of(bought(at=22 * DAY), *names)[3] == 0
    assert history.of(bought(at=23 * DAY), *names)[3] == 1


def test_fraud_of_an_unusual_amount_does_not_speak_against_the_merchant() -> None:
    history = History(*(bought(10, day * DAY) for day in range(10)))
    misused = bought(100, 10 * DAY)
    history.count(misused, fraud=True)
    names = ("merchant_run", "account_fraud_30d", "merchant_fraud_30d")
    assert history.of(bought(at=18 * DAY), *names) == [0, 1, pytest.approx(1 / 11)]
    history.label(misused, -1)
    assert history.of(bought(at=18 * DAY), *names) == [0, 0, 0]
