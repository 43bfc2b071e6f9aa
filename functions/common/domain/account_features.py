"""Features of an account: its totals, its usual amount, and the ages of the values that it uses."""

import math
from bisect import bisect_left, bisect_right

from functions.common.domain.account_profile import (
    UNUSUAL_RATIO,
    AccountProfile,
    compute_usual_amount,
    hash_first_use,
    hash_network,
    hash_text,
)
from functions.common.domain.categories import normalize_category
from functions.common.domain.countries import distance_km
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS, MINUTE_MS, sum_counts
from functions.common.domain.transaction_event import TransactionInserted

UNKNOWN = math.nan
_RECENT_MS = 14 * DAY_MS
NEW_WITHIN_MINUTES = 7 * DAY_MS // MINUTE_MS
# Distances are between the centers of countries, so a short time would give an arbitrarily high speed.
MIN_TRAVEL_HOURS = 0.1
_CENTS_PER_EURO = 100
_MINUTE_SECONDS = 60


def compute_account_totals(
    account: AccountProfile, timestamp: int, day: int, cents: int | None
) -> list[float]:
    """Counts and means over 1, 7 and 30 days, and the amount relative to the 30-day mean and deviation.

    `cents`: the amount in euro cents, None if unknown. Means are in euros. Transactions without a euro rate
    count, but are not part of a mean.
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
    rated_1, rated_7, rated_30 = count_1, count_7, count_30
    if account.unrated_days:
        # A profile can contain unrated transactions of a bucket that expired since, which is in no count.
        rated_1 -= sum_counts(account.unrated_hours, max(hour - 23, hours.numbers[0]), hour)
        rated_7 -= sum_counts(account.unrated_days, max(day - 6, numbers[0]), day)
        rated_30 -= sum_counts(account.unrated_days, max(day - 29, numbers[0]), day)
    if not rated_30:
        return [count_1, count_7, count_30, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    ratio = deviation = UNKNOWN
    if cents is not None:
        ratio = cents * rated_30 / total_30
        # The variance times the squared count, which is exact. Amounts are rounded to cents, so a standard
        # deviation below a cent is unknown.
        scaled_variance = rated_30 * sum(days.squares[begin:end]) - total_30 * total_30
        if scaled_variance >= rated_30 * rated_30:
            deviation = (cents * rated_30 - total_30) / math.sqrt(scaled_variance)
    return [
        count_1,
        count_7,
        count_30,
        total_1 / (rated_1 * _CENTS_PER_EURO) if rated_1 else UNKNOWN,
        total_7 / (rated_7 * _CENTS_PER_EURO) if rated_7 else UNKNOWN,
        total_30 / (rated_30 * _CENTS_PER_EURO),
        ratio,
        deviation,
    ]


def compute_amounts(account: AccountProfile, timestamp: int, day: int, cents: int | None) -> list[float]:
    """The amount relative to the usual one, recent unusual amounts and frauds, and the idle time.

    Times are in whole seconds.
    """
    times, amounts = account.times, account.amounts
    if not times or timestamp < times[0]:
        return [UNKNOWN] * 7
    end = len(times)
    if timestamp < times[-1]:
        end = bisect_right(times, timestamp)
        amounts = amounts[:end]
    idle = (timestamp - times[end - 1]) // 1000
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
    since = (timestamp - times[begin + unusual[0]]) // 1000
    return [ratio, len(unusual), len(unusual) / len(recent), since, largest, frauds, idle]


def compute_novelty(account: AccountProfile, transaction: TransactionInserted) -> list[float]:
    """Flags for a country, device and category new to the account, and the speed between countries."""
    country, device = transaction.country, transaction.device_id
    category = normalize_category(transaction.merchant_category)
    if not (country or device or category):
        return [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    return [
        _is_new(account.countries, country) if country else UNKNOWN,
        _is_new(account.devices, hash_text(device)) if device else UNKNOWN,
        _is_new(account.categories, hash_text(category)) if category else UNKNOWN,
        _compute_speed(account, country, transaction.timestamp) if country else UNKNOWN,
    ]


def compute_ages(account: AccountProfile, transaction: TransactionInserted) -> list[float]:
    """The seconds since the account first used the device, country, merchant and network, in whole minutes.

    0 at the first use. Unknown without the field, and for an account without earlier transactions.
    """
    # Each transaction adds its merchant. In a profile of an older version, first uses are unknown.
    if not account.first_merchants:
        return [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    minute = transaction.timestamp // MINUTE_MS
    device, country, address = transaction.device_id, transaction.country, transaction.ip_address
    merchant_age = _compute_age(account.first_merchants, hash_first_use(transaction.merchant_id), minute)
    device_age = country_age = network_age = UNKNOWN
    if device:
        is_known = hash_text(device) in account.devices
        device_age = _compute_age(account.first_devices, hash_first_use(device), minute, is_known=is_known)
    if country:
        is_known = country in account.countries
        country_age = _compute_age(
            account.first_countries, hash_first_use(country), minute, is_known=is_known
        )
    if address:
        network_age = _compute_age(account.first_networks, hash_network(address), minute)
    return [device_age, country_age, merchant_age, network_age]


def count_new_devices(account: AccountProfile, timestamp: int) -> int:
    """The devices that the account first used within 7 days, among the latest ones that it remembers."""
    minute = timestamp // MINUTE_MS
    return sum(0 <= minute - first < NEW_WITHIN_MINUTES for first in account.first_devices.values())


def count_refunds(account: AccountProfile, day: int) -> int:
    """The account's refunds within 30 days."""
    return sum_counts(account.refund_days, day - 29, day) if account.refund_days else 0


def _compute_age(first_uses: dict[int, int], value: int, minute: int, *, is_known: bool = False) -> float:
    """`is_known`: an older version recorded the use of the value without its time."""
    first = first_uses.get(value)
    if first is not None:
        return max(minute - first, 0) * _MINUTE_SECONDS
    return UNKNOWN if is_known else 0.0


def _is_new(previous: list[int] | list[str], value: int | str) -> float:
    return float(value not in previous) if previous else UNKNOWN


def _compute_speed(account: AccountProfile, country: str, timestamp: int) -> float:
    if not account.country:
        return UNKNOWN
    if account.country == country:
        return 0.0
    distance = distance_km(account.country, country)
    hours = abs(timestamp - account.country_at) / HOUR_MS
    return UNKNOWN if distance is None else distance / max(hours, MIN_TRAVEL_HOURS)
