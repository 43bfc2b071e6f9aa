"""Features of an account: its totals, its usual amount, and what is new to it."""

import math
from bisect import bisect_left, bisect_right

from functions.common.domain.account_profile import (
    UNUSUAL_RATIO,
    AccountProfile,
    compute_usual_amount,
    hash_text,
)
from functions.common.domain.countries import distance_km
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from functions.common.domain.transaction_event import TransactionInserted

UNKNOWN = math.nan
_RECENT_MS = 14 * DAY_MS
# Distances are between the centers of countries, so a short time would give an arbitrarily high speed.
_MIN_HOURS = 0.1
_CENTS_PER_EURO = 100


def compute_account_totals(
    account: AccountProfile, timestamp: int, day: int, cents: int | None
) -> list[float]:
    """Counts and means over 1, 7 and 30 days, and the amount relative to the 30-day mean and deviation.

    `cents`: the amount in euro cents, None if unknown. Means are in euros.
    """
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
    ratio = deviation = UNKNOWN
    if cents is not None:
        ratio = cents * count_30 / total_30
        # The variance times the squared count, which is exact. Amounts are rounded to cents, so a standard
        # deviation below a cent is unknown.
        scaled_variance = count_30 * sum(days.squares[begin:end]) - total_30 * total_30
        if scaled_variance >= count_30 * count_30:
            deviation = (cents * count_30 - total_30) / math.sqrt(scaled_variance)
    return [
        count_1,
        count_7,
        count_30,
        total_1 / (count_1 * _CENTS_PER_EURO) if count_1 else UNKNOWN,
        total_7 / (count_7 * _CENTS_PER_EURO) if count_7 else UNKNOWN,
        total_30 / (count_30 * _CENTS_PER_EURO),
        ratio,
        deviation,
    ]


def compute_amounts(account: AccountProfile, timestamp: int, day: int, cents: int | None) -> list[float]:
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
    ratio = UNKNOWN if cents is None else cents / usual
    begin = bisect_left(times, timestamp - _RECENT_MS, 0, end)
    if begin == end:
        return [ratio, 0, UNKNOWN, UNKNOWN, UNKNOWN, frauds, idle]
    recent = amounts[begin:end]
    largest = max(*recent, -min(recent)) / usual
    if largest <= UNUSUAL_RATIO:
        return [ratio, 0, 0.0, UNKNOWN, largest, frauds, idle]
    # Amounts are integers, which Python compares faster with an integer.
    limit = math.floor(UNUSUAL_RATIO * usual)
    unusual = [position for position, amount in enumerate(recent) if amount > limit or -amount > limit]
    since = (timestamp - times[begin + unusual[0]]) / 1000
    return [ratio, len(unusual), len(unusual) / len(recent), since, largest, frauds, idle]


def compute_novelty(account: AccountProfile, transaction: TransactionInserted) -> list[float]:
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
