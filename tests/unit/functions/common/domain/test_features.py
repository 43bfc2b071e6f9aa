import math
from typing import Any

import pytest

from functions.common.domain.account_profile import AccountProfile, count_in_account
from functions.common.domain.features import (
    FEATURE_NAMES,
    FEATURES,
    FEATURES_VERSION,
    compute_features,
    find_features,
    has_new_device,
)
from functions.common.domain.merchant_profile import MerchantProfile, count_new_device
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from tests.unit.functions.common.domain.histories import START_MS, History, purchase

COUNTS = ("account_count_1d", "account_count_7d", "account_count_30d")
MEANS = ("account_mean_1d", "account_mean_7d", "account_mean_30d")
SHARES = ("merchant_fraud_1d", "merchant_fraud_7d", "merchant_fraud_30d")
RECENT = ("merchant_recent_1d", "merchant_recent_7d")


def test_first_transaction_has_a_value_or_unknown_for_each_feature() -> None:
    values = compute_features(AccountProfile(), MerchantProfile(), purchase())
    assert len(values) == len(FEATURES) == len(set(FEATURE_NAMES))
    assert [name for name, value in zip(FEATURE_NAMES, values, strict=True) if not math.isnan(value)] == [
        "amount_euros", "hour", "weekday", *COUNTS,
        "merchant_count_1d", "merchant_count_7d", "merchant_count_30d", "merchant_run",
        "merchant_count_10m", "merchant_count_1h", "merchant_tiny_1h", "account_refunds_30d",
        "new_devices_7d", *RECENT, "merchant_new_devices_1h",
    ]  # fmt: skip


@pytest.mark.parametrize(("version", "count"), [(1, 32), (2, 32), (3, 44), (4, 46), (5, 49), (6, 50)])
def test_features_of_earlier_decisions_have_names(version: int, count: int) -> None:
    features = find_features(version)
    assert features is not None
    assert (len(features), features[0].name, features[31].name) == (
        count,
        "amount_euros",
        "merchant_genuine_since",
    )
    assert find_features(FEATURES_VERSION + 1) is None


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
    history = History(*(purchase("6559.57", day * DAY_MS, currency="XOF") for day in range(3)))
    assert history.compute(purchase(20, 3 * DAY_MS), "amount_ratio") == [pytest.approx(2)]
    assert history.compute(purchase("6559.57", 3 * DAY_MS, currency="XOF"), "amount_to_usual") == [1]
    unknown = history.compute(purchase(20, 3 * DAY_MS, currency="XAU"), "amount_euros", "amount_ratio")
    assert all(math.isnan(value) for value in unknown)


def test_amount_without_a_rate_counts_and_is_in_no_mean() -> None:
    rated = [purchase(10, day * DAY_MS) for day in range(2)]
    unrated = [purchase(99, day * DAY_MS + HOUR_MS, currency="XAU") for day in range(2)]
    history = History(*rated, *unrated)
    current = purchase(20, 2 * DAY_MS - HOUR_MS)
    assert history.compute(current, *COUNTS) == [2, 4, 4]
    assert history.compute(current, *MEANS) == [10, 10, 10]
    assert history.compute(current, "amount_ratio", "account_idle") == [2, 22 * 3600]
    only_unrated = History(*unrated)
    assert only_unrated.compute(current, *COUNTS) == [1, 2, 2]
    assert all(math.isnan(value) for value in only_unrated.compute(current, *MEANS, "amount_ratio"))


@pytest.mark.parametrize(("newer", "late"), [(58 * DAY_MS, 18 * DAY_MS), (31 * HOUR_MS, 10 * HOUR_MS)])
def test_amount_without_a_rate_in_an_expired_bucket_is_in_no_count(newer: int, late: int) -> None:
    history = History(purchase(99, currency="XAU"), purchase(10), purchase(10, newer))
    counts_and_means = history.compute(purchase(10, late), *COUNTS, *MEANS, "amount_ratio")
    assert counts_and_means[0] == 0
    assert math.isnan(counts_and_means[3])
    assert all(math.isnan(value) or value >= 0 for value in counts_and_means)


AGES = ("device_age", "country_age", "merchant_age", "network_age")


def test_ages_begin_with_the_first_use_by_the_account() -> None:
    first: Any = {"device_id": "d1", "country": "DE", "merchant_id": "m1", "ip_address": "192.0.2.1"}
    assert all(math.isnan(age) for age in History().compute(purchase(**first), *AGES))
    history = History(purchase(at=0, **first), purchase(at=DAY_MS, **first))
    assert history.compute(purchase(at=2 * DAY_MS, **first), *AGES) == [2 * 86_400] * 4
    different: Any = {"device_id": "d2", "country": "FR", "merchant_id": "m2", "ip_address": "198.51.100.1"}
    assert history.compute(purchase(at=2 * DAY_MS, **different), *AGES) == [0] * 4
    no_device = History(purchase(at=0, merchant_id="m1"))
    assert no_device.compute(purchase(at=DAY_MS, **first), *AGES) == [0, 0, 86_400, 0]
    without = history.compute(purchase(at=2 * DAY_MS, merchant_id="m1"), *AGES)
    assert [math.isnan(age) for age in without] == [True, True, False, True]


def test_late_transaction_can_be_the_first_use() -> None:
    history = History(purchase(at=DAY_MS, device_id="d1"), purchase(at=0, device_id="d1"))
    assert history.compute(purchase(at=2 * DAY_MS, device_id="d1"), "device_age") == [2 * 86_400]


def test_value_that_was_not_used_lately_is_forgotten() -> None:
    history = History(*(purchase(at=number * HOUR_MS, merchant_id=f"m{number}") for number in range(17)))
    ages = [
        history.compute(purchase(at=17 * HOUR_MS, merchant_id=name), "merchant_age")[0]
        for name in ("m0", "m1")
    ]
    assert ages == [0, 16 * 3600]


def test_new_devices_are_those_first_used_within_7_days() -> None:
    history = History(
        purchase(at=0, device_id="d1"),
        purchase(at=DAY_MS, device_id="d2"),
        purchase(at=2 * DAY_MS, device_id="d2"),
    )
    # The last transaction is before the first use of the second device.
    for at, count in ((7 * DAY_MS - 1, 2), (7 * DAY_MS, 1), (8 * DAY_MS, 0), (DAY_MS - 60_000, 1)):
        assert history.compute(purchase(at=at), "new_devices_7d") == [count]


def test_only_devices_that_the_account_remembers_are_new() -> None:
    history = History(*(purchase(at=number * HOUR_MS, device_id=f"d{number}") for number in range(12)))
    assert history.compute(purchase(at=DAY_MS), "new_devices_7d") == [8]


def test_age_of_a_device_that_an_earlier_version_counted_is_unknown() -> None:
    history = History(purchase(at=0, device_id="old"))
    history.account.first_devices.clear()
    history.count(purchase(at=HOUR_MS, device_id="new"))
    old, new, other = (
        history.compute(purchase(at=2 * HOUR_MS, device_id=name), "device_age")[0]
        for name in ("old", "new", "other")
    )
    assert math.isnan(old)
    assert (new, other) == (3600, 0)


@pytest.mark.parametrize(
    ("address", "same", "different"),
    [
        ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("2001:db8:1:2::1", "2001:DB8:1:ffff::2", "2001:db8:2::1"),
        ("::ffff:192.0.2.1", "192.0.2.7", "192.0.3.1"),
        ("not an address", "not an address", "another text"),
    ],
)
def test_addresses_of_one_network_have_one_age(address: str, same: str, different: str) -> None:
    history = History(purchase(at=0, ip_address=address))
    assert history.compute(purchase(at=HOUR_MS, ip_address=same), "network_age") == [3600]
    assert history.compute(purchase(at=HOUR_MS, ip_address=different), "network_age") == [0]


def test_refund_is_only_counted() -> None:
    history, same = History(purchase(10, 0)), History(purchase(10, 0))
    refund = purchase(10, HOUR_MS, type="refund", original_transaction_id="t", device_id="d", country="FR")
    history.count(refund, fraud=True)
    current = purchase(20, DAY_MS)
    assert history.compute(current, "account_refunds_30d") == [1]
    assert history.compute(purchase(at=31 * DAY_MS), "account_refunds_30d") == [0]
    names = [name for name in FEATURE_NAMES if name != "account_refunds_30d"]
    assert str(history.compute(current, *names)) == str(same.compute(current, *names))


ACTIVITY = ("merchant_count_10m", "merchant_count_1h", "merchant_tiny_1h")


def test_activity_of_a_merchant_ends_two_minutes_before_the_transaction() -> None:
    minute = 60_000
    times = [*range(0, 66, 6), 62, 63, 64]
    history = History(*(purchase(1 if at % 12 == 0 else 10, at * minute) for at in times))
    # The windows end with minute 62 for a transaction in minute 65.
    assert history.compute(purchase(at=65 * minute), *ACTIVITY) == [3, 11, 5]
    assert history.compute(purchase(at=66 * minute - 1), *ACTIVITY) == [3, 11, 5]
    assert history.compute(purchase(at=66 * minute), *ACTIVITY) == [4, 12, 5]
    # Whatever was counted of the last two minutes changes nothing.
    history.count(purchase(1, 64 * minute))
    assert history.compute(purchase(at=65 * minute), *ACTIVITY) == [3, 11, 5]


def test_new_devices_at_a_merchant_are_those_of_an_hour_until_lately() -> None:
    minute = 60_000
    history = History(*(purchase(at=at * minute) for at in range(66)))
    for at in (1, 2, 30, 62, 63):
        count_new_device(history.merchant, START_MS + at * minute)
    assert history.compute(purchase(at=65 * minute), "merchant_new_devices_1h") == [2]
    assert history.compute(purchase(at=66 * minute), "merchant_new_devices_1h") == [3]
    # Whatever was counted of the last two minutes changes nothing.
    count_new_device(history.merchant, START_MS + 64 * minute)
    assert history.compute(purchase(at=66 * minute), "merchant_new_devices_1h") == [3]


def test_new_device_that_is_counted_before_its_transaction_gives_the_same_activity() -> None:
    first, second = History(), History()
    first.count(purchase())
    count_new_device(first.merchant, START_MS)
    count_new_device(second.merchant, START_MS)
    second.count(purchase())
    assert first.merchant == second.merchant
    # A count before the retained minutes is ignored.
    second.count(purchase(at=2 * HOUR_MS))
    count_new_device(second.merchant, START_MS)
    assert second.merchant.activity.minutes.new_devices == [0]


@pytest.mark.parametrize(
    ("earlier", "device", "expected"),
    [("d-1", "d-2", True), ("d-1", "d-1", False), ("d-1", None, False), (None, "d-1", True)],
)
def test_device_is_new_to_an_account_with_earlier_transactions(
    earlier: str | None, device: str | None, expected: bool
) -> None:
    account, current = AccountProfile(), purchase(at=HOUR_MS, device_id=device)
    assert not has_new_device(compute_features(account, MerchantProfile(), current))
    count_in_account(account, purchase(device_id=earlier))
    assert has_new_device(compute_features(account, MerchantProfile(), current)) is expected


def test_refund_has_no_new_device() -> None:
    assert not has_new_device(())


def test_times_since_earlier_transactions_are_whole_seconds() -> None:
    history = History(purchase(at=0), purchase(at=1), purchase(at=2), purchase(1000, at=1_500))
    current = purchase(at=4_999)
    assert history.compute(current, "account_idle", "unusual_since") == [3, 3]


def test_recent_transactions_of_a_merchant_end_with_a_half_day() -> None:
    half_day = 12 * HOUR_MS
    history = History(*(purchase(at=number * half_day) for number in range(30)))
    assert history.compute(purchase(at=20 * half_day + 120_000), *RECENT) == [2, 14]
    assert history.compute(purchase(at=half_day + 120_000), *RECENT) == [1, 1]
    # Two transactions of half day 19, which is complete two minutes after it ended.
    history.count(purchase(at=19 * half_day))
    assert history.compute(purchase(at=20 * half_day + 119_999), *RECENT) == [2, 14]
    assert history.compute(purchase(at=20 * half_day + 120_000), *RECENT) == [3, 15]


def test_amount_is_relative_to_the_merchants_mean_of_complete_days() -> None:
    history = History(purchase(10, 0), purchase(30, HOUR_MS), purchase(1000, DAY_MS))
    assert math.isnan(history.compute(purchase(40, HOUR_MS), "amount_to_merchant")[0])
    assert history.compute(purchase(40, 2 * DAY_MS - 1), "amount_to_merchant") == [2]
    # The day before is complete two minutes after it ended.
    assert history.compute(purchase(40, 2 * DAY_MS + 119_999), "amount_to_merchant") == [2]
    assert history.compute(purchase(40, 2 * DAY_MS + 120_000), "amount_to_merchant") == [
        pytest.approx(120 / 1040)
    ]


def test_novelty_is_unknown_without_history() -> None:
    names = ("new_country", "new_device", "new_category")
    first = {"country": "DE", "device_id": "d1", "merchant_category": "food"}
    assert all(math.isnan(value) for value in History().compute(purchase(**first), *names))
    history = History(purchase(**first))
    assert history.compute(purchase(**first), *names) == [0, 0, 0]
    different = {"country": "FR", "device_id": "d2", "merchant_category": "fuel"}
    assert history.compute(purchase(**different), *names) == [1, 1, 1]
    assert all(math.isnan(value) for value in history.compute(purchase(), *names))


@pytest.mark.parametrize(("first", "second"), [("Money Transfer", "money_transfer"), ("0742", "742.0")])
def test_another_spelling_of_a_category_is_not_new(first: str, second: str) -> None:
    history = History(purchase(merchant_category=first))
    assert history.compute(purchase(merchant_category=second), "new_category") == [0]


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
