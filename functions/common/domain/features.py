"""Features: the values that rules and models read, derived from a transaction and its two profiles.

The fraud function, training and the backtest share this definition. They compute the features before they add
the transaction to the profiles. An unknown value (no history, no country) is NaN.
"""

import math
from bisect import bisect_left, bisect_right
from typing import Literal, NamedTuple

from functions.common.domain.countries import distance_km
from functions.common.domain.currencies import convert_to_euros
from functions.common.domain.profiles import (
    UNUSUAL_RATIO,
    AccountProfile,
    MerchantProfile,
    compute_usual_amount,
    hash_text,
)
from functions.common.domain.time_buckets import DAY_MS, HALF_DAY_MS, HOUR_MS, HalfDayBuckets
from functions.common.domain.transaction_event import TransactionInserted

# Increment this whenever any value changes: a model artifact fits one version only.
FEATURES_VERSION = 1
DEFAULT_LABEL_DELAY_DAYS = 7

FeatureUnit = Literal["money", "count", "share", "ratio", "duration", "speed", "hour", "weekday", "flag"]


class Feature(NamedTuple):
    """A feature. Money is in euros, a duration in seconds, a speed in km/h."""

    name: str
    unit: FeatureUnit
    description: str


UNKNOWN = math.nan
_EPOCH_WEEKDAY = 3  # 1970-01-01 is a Thursday, and Monday is 0.
_RECENT_MS = 14 * DAY_MS
_DAY_SECONDS = 86_400
# Distances are between the centers of countries, so a short time would give an arbitrarily high speed.
_MIN_HOURS = 0.1
# A variance below this fraction of the squared mean is a rounding error.
_ROUNDING_VARIANCE = 1e-9

FEATURES = (
    Feature("amount_euros", "money", "amount in euros"),
    Feature("hour", "hour", "hour of the day, UTC"),
    Feature("weekday", "weekday", "day of the week, Monday is 0, UTC"),
    Feature("account_count_1d", "count", "the account's earlier transactions within a day"),
    Feature("account_count_7d", "count", "the account's earlier transactions within 7 days"),
    Feature("account_count_30d", "count", "the account's earlier transactions within 30 days"),
    Feature("account_mean_1d", "money", "the account's mean amount within a day"),
    Feature("account_mean_7d", "money", "the account's mean amount within 7 days"),
    Feature("account_mean_30d", "money", "the account's mean amount within 30 days"),
    Feature("amount_ratio", "ratio", "amount as a multiple of the account's 30-day mean"),
    Feature("amount_deviation", "ratio", "amount above the account's 30-day mean, in standard deviations"),
    Feature("amount_to_usual", "ratio", "amount as a multiple of the account's usual amount"),
    Feature("unusual_count_14d", "count", "the account's unusual amounts within 14 days"),
    Feature("unusual_share_14d", "share", "share of unusual amounts among the account's within 14 days"),
    Feature("unusual_since", "duration", "time since the account's first unusual amount within 14 days"),
    Feature(
        "largest_to_usual_14d",
        "ratio",
        "the account's largest amount within 14 days as a multiple of its usual amount",
    ),
    Feature("account_fraud_30d", "count", "the account's confirmed frauds within 30 days"),
    Feature("account_idle", "duration", "time since the account's last transaction"),
    Feature("new_country", "flag", "first time for this country"),
    Feature("new_device", "flag", "first time for this device"),
    Feature("new_category", "flag", "first time for this merchant category"),
    Feature("speed", "speed", "speed from the country of the account's last transaction"),
    Feature("merchant_count_1d", "count", "the merchant's transactions in the last day with labels"),
    Feature("merchant_count_7d", "count", "the merchant's transactions in the last 7 days with labels"),
    Feature("merchant_count_30d", "count", "the merchant's transactions in the last 30 days with labels"),
    Feature(
        "merchant_fraud_1d", "share", "share of confirmed fraud at the merchant in the last day with labels"
    ),
    Feature(
        "merchant_fraud_7d",
        "share",
        "share of confirmed fraud at the merchant in the last 7 days with labels",
    ),
    Feature(
        "merchant_fraud_30d",
        "share",
        "share of confirmed fraud at the merchant in the last 30 days with labels",
    ),
    Feature("merchant_run", "count", "the merchant's latest confirmed frauds in a row"),
    Feature("merchant_run_age", "duration", "time since the first of the merchant's latest frauds in a row"),
    Feature(
        "merchant_run_clear",
        "duration",
        "time since the merchant's last genuine transaction before those frauds",
    ),
    Feature(
        "merchant_genuine_since",
        "count",
        "the merchant's genuine transactions since its last confirmed fraud",
    ),
)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)


def compute_features(
    account: AccountProfile,
    merchant: MerchantProfile,
    transaction: TransactionInserted,
    label_delay_days: int = DEFAULT_LABEL_DELAY_DAYS,
) -> list[float]:
    """The values of FEATURES, in order, for a transaction that is not yet added to the profiles.

    `label_delay_days` is the time after which the label of a transaction is due. Younger transactions cannot
    be assumed genuine, so the merchant's windows end there. A fraud that is confirmed earlier counts at once
    in the merchant's run of frauds. An account's windows are whole hours and days, a merchant's are half
    days; both end with the transaction's own timestamp and exclude later transactions.
    """
    timestamp = transaction.timestamp
    euros = convert_to_euros(transaction.amount, transaction.currency)
    day = timestamp // DAY_MS
    values = [
        UNKNOWN if euros is None else euros,
        timestamp % DAY_MS // HOUR_MS,
        (day + _EPOCH_WEEKDAY) % 7,
    ]
    values += _compute_account_totals(account, timestamp, day, euros)
    values += _compute_amounts(account, timestamp, day, euros)
    values += _compute_novelty(account, transaction)
    values += _compute_merchant_windows(merchant.half_days, timestamp, label_delay_days)
    values += _compute_fraud_run(merchant, timestamp, label_delay_days)
    return values


def _compute_account_totals(
    account: AccountProfile, timestamp: int, day: int, euros: float | None
) -> list[float]:
    """Counts and means over 1, 7 and 30 days, and the amount relative to the 30-day mean and deviation."""
    hours, days = account.hours, account.days
    hour = timestamp // HOUR_MS
    end = bisect_right(hours.numbers, hour)
    begin = bisect_left(hours.numbers, hour - 23, 0, end)
    count_1, total_1 = sum(hours.counts[begin:end]), sum(hours.totals[begin:end])
    numbers, counts, totals = days.numbers, days.counts, days.totals
    end = bisect_right(numbers, day)
    begin = bisect_left(numbers, day - 6, 0, end)
    count_7, total_7 = sum(counts[begin:end]), sum(totals[begin:end])
    begin = bisect_left(numbers, day - 29, 0, end)
    count_30, total_30 = sum(counts[begin:end]), sum(totals[begin:end])
    if not count_30:
        return [count_1, count_7, 0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    mean = total_30 / count_30
    ratio = deviation = UNKNOWN
    if euros is not None and mean > 0:
        ratio = euros / mean
        variance = sum(days.squares[begin:end]) / count_30 - mean * mean
        if variance > _ROUNDING_VARIANCE * mean * mean:
            deviation = (euros - mean) / math.sqrt(variance)
    return [
        count_1,
        count_7,
        count_30,
        total_1 / count_1 if count_1 else UNKNOWN,
        total_7 / count_7 if count_7 else UNKNOWN,
        mean,
        ratio,
        deviation,
    ]


def _compute_amounts(account: AccountProfile, timestamp: int, day: int, euros: float | None) -> list[float]:
    """The amount relative to the usual one, recent unusual amounts and frauds, and the idle time."""
    times, amounts = account.times, account.amounts
    if not times or timestamp < times[0]:
        return [UNKNOWN] * 7
    end = len(times)
    if timestamp < times[-1]:
        end = bisect_right(times, timestamp)
        amounts = amounts[:end]
    idle = (timestamp - times[end - 1]) / 1000
    days = account.days
    frauds = sum(days.frauds[bisect_left(days.numbers, day - 29) : bisect_right(days.numbers, day)])
    usual = compute_usual_amount(amounts)
    if usual is None:
        return [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, frauds, idle]
    ratio = UNKNOWN if euros is None else euros / usual
    begin = bisect_left(times, timestamp - _RECENT_MS, 0, end)
    if begin == end:
        return [ratio, 0, UNKNOWN, UNKNOWN, UNKNOWN, frauds, idle]
    recent = amounts[begin:end]
    largest = max(*recent, -min(recent)) / usual
    if largest <= UNUSUAL_RATIO:
        return [ratio, 0, 0.0, UNKNOWN, largest, frauds, idle]
    limit = UNUSUAL_RATIO * usual
    unusual = [position for position, amount in enumerate(recent) if amount > limit or -amount > limit]
    since = (timestamp - times[begin + unusual[0]]) / 1000
    return [ratio, len(unusual), len(unusual) / len(recent), since, largest, frauds, idle]


def _compute_novelty(account: AccountProfile, transaction: TransactionInserted) -> list[float]:
    """Flags for a country, device and category new to the account, and the speed between countries."""
    country, device, category = transaction.country, transaction.device_id, transaction.merchant_category
    if not (country or device or category):
        return [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    return [
        _is_new(account.countries, country) if country else UNKNOWN,
        _is_new(account.devices, hash_text(device)) if device else UNKNOWN,
        _is_new(account.categories, hash_text(category)) if category else UNKNOWN,
        _compute_speed(account, country, transaction.timestamp) if country else UNKNOWN,
    ]


def _is_new(previous: list[int] | list[str], value: int | str) -> float:
    return float(value not in previous) if previous else UNKNOWN


def _compute_speed(account: AccountProfile, country: str, timestamp: int) -> float:
    if not account.country:
        return UNKNOWN
    if account.country == country:
        return 0.0
    distance = distance_km(account.country, country)
    hours = abs(timestamp - account.country_at) / HOUR_MS
    return UNKNOWN if distance is None else distance / max(hours, _MIN_HOURS)


def _compute_merchant_windows(
    half_days: HalfDayBuckets, timestamp: int, label_delay_days: int
) -> list[float]:
    """Counts and shares of confirmed fraud in the windows that end when labels are due."""
    numbers, counts, frauds = half_days.numbers, half_days.counts, half_days.frauds
    due = (timestamp - label_delay_days * DAY_MS) // HALF_DAY_MS
    end = bisect_left(numbers, due)
    begin = bisect_left(numbers, due - 60, 0, end)
    count_30 = sum(counts[begin:end])
    if not count_30:
        return [0, 0, 0, UNKNOWN, UNKNOWN, UNKNOWN]
    fraud_30 = sum(frauds[begin:end])
    begin = bisect_left(numbers, due - 14, begin, end)
    count_7 = sum(counts[begin:end])
    fraud_7 = sum(frauds[begin:end])
    begin = bisect_left(numbers, due - 2, begin, end)
    count_1 = sum(counts[begin:end])
    fraud_1 = sum(frauds[begin:end])
    return [
        count_1,
        count_7,
        count_30,
        fraud_1 / count_1 if count_1 else UNKNOWN,
        fraud_7 / count_7 if count_7 else UNKNOWN,
        fraud_30 / count_30,
    ]


def _compute_fraud_run(merchant: MerchantProfile, timestamp: int, label_delay_days: int) -> list[float]:
    """The latest confirmed frauds in a row, and the genuine transactions before and after them.

    Frauds of unusual amounts are excluded: they point to the account, not to the merchant.
    """
    half_days = merchant.half_days
    numbers, counts, frauds = half_days.numbers, half_days.counts, half_days.frauds
    own = timestamp // HALF_DAY_MS
    due = (timestamp - label_delay_days * DAY_MS) // HALF_DAY_MS
    end_due = bisect_left(numbers, due)
    last = bisect_right(numbers, own) - 1
    unusual = [time // HALF_DAY_MS for time in merchant.unusual] if any(frauds) else []
    while last >= 0 and frauds[last] <= unusual.count(numbers[last]):
        last -= 1
    if last < 0:
        genuine_before = end_due - 1
        while genuine_before >= 0 and counts[genuine_before] <= frauds[genuine_before]:
            genuine_before -= 1
        clear = UNKNOWN if genuine_before < 0 else _seconds_since(numbers[genuine_before], timestamp)
        return [0, UNKNOWN, clear, UNKNOWN]
    genuine_since = sum(counts[last + 1 : end_due]) - sum(frauds[last + 1 : end_due])
    run, first, row, clear = 0, last, last, UNKNOWN
    while row >= 0:
        frauds_in_row = frauds[row] - unusual.count(numbers[row])
        if frauds_in_row > 0:
            run += frauds_in_row
            first = row
        if row < end_due and counts[row] > frauds[row]:
            clear = _seconds_since(numbers[row], timestamp)
            break
        row -= 1
    return [run, _seconds_since(numbers[first], timestamp), clear, max(genuine_since, 0)]


def _seconds_since(half_day: int, timestamp: int) -> float:
    """The seconds in the whole days since the day of a half day."""
    return (timestamp // DAY_MS - half_day * HALF_DAY_MS // DAY_MS) * _DAY_SECONDS
