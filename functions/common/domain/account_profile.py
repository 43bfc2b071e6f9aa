"""The profile of an account: totals by time, the latest amounts, and the values that the account has used.

Totals do not depend on the order in which transactions arrive: each transaction counts in the bucket of its
own timestamp, and sums of whole cents are exact. The caller ensures that a transaction or label is counted
only once.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from functions.common.domain.categories import normalize_category
from functions.common.domain.currencies import convert_to_cents
from functions.common.domain.networks import find_network
from functions.common.domain.time_buckets import (
    DAY_MS,
    HOUR_MS,
    MAX_DAYS,
    MINUTE_MS,
    DayBuckets,
    HourBuckets,
    add_count,
)
from functions.common.domain.transaction_event import StoredTransaction, TransactionInserted

MAX_AMOUNTS = 40
MAX_COUNTRIES = 8
MAX_DEVICES = 8
MAX_CATEGORIES = 24
MAX_MERCHANTS = 16
MAX_NETWORKS = 6
# The bits of a hash in `first_…`, which are enough to tell a few values apart.
FIRST_USE_BITS = 16
# An amount is unusual if it exceeds this multiple of the usual amount, the median of at least MIN_AMOUNTS.
UNUSUAL_RATIO = 2.0
MIN_AMOUNTS = 3

T = TypeVar("T", int, str)


class AccountProfile(Struct, array_like=True):
    """The profile of an account. Times are epoch milliseconds; lists are ordered by latest use, newest last.

    `times` and `amounts` (in euro cents, 0 if unknown) describe the last transactions in chronological order.
    The amount of a confirmed fraud is negative, which excludes it from the usual amount. `country` is the
    last one, used at `country_at`. Devices and categories are stored as hashes.

    `first_devices`, `first_countries`, `first_merchants` and `first_networks` map the hash of each value to
    the minute since 1970 of its first use, ordered by latest use. `unrated_hours` and `unrated_days` count
    the transactions without a euro rate among those of `hours` and `days`. `refund_days` counts refunds.
    """

    hours: HourBuckets = field(default_factory=HourBuckets)
    days: DayBuckets = field(default_factory=DayBuckets)
    times: list[int] = []
    amounts: list[int] = []
    country: str = ""
    country_at: int = 0
    countries: list[str] = []
    devices: list[int] = []
    categories: list[int] = []
    first_devices: dict[int, int] = {}
    first_countries: dict[int, int] = {}
    first_merchants: dict[int, int] = {}
    first_networks: dict[int, int] = {}
    unrated_hours: dict[int, int] = {}
    unrated_days: dict[int, int] = {}
    refund_days: dict[int, int] = {}


def count_in_account(account: AccountProfile, transaction: TransactionInserted) -> None:
    """Add a transaction to the account's profile. Of a refund, only the number is added."""
    timestamp = transaction.timestamp
    if transaction.is_refund:
        add_count(account.refund_days, timestamp // DAY_MS, MAX_DAYS)
        return
    cents = convert_to_cents(transaction.amount, transaction.currency)
    account.hours.add(timestamp, cents or 0)
    account.days.add(timestamp, cents or 0)
    if cents is None:
        _add_unrated(account.unrated_hours, timestamp // HOUR_MS, account.hours.numbers[0])
        _add_unrated(account.unrated_days, timestamp // DAY_MS, account.days.numbers[0])
    _add_amount(account, timestamp, cents or 0)
    minute = timestamp // MINUTE_MS
    _add_use(account.first_merchants, hash_first_use(transaction.merchant_id), minute, MAX_MERCHANTS)
    if transaction.country:
        _move_to_end(account.countries, transaction.country, MAX_COUNTRIES)
        _add_use(account.first_countries, hash_first_use(transaction.country), minute, MAX_COUNTRIES)
        if timestamp >= account.country_at:
            account.country, account.country_at = transaction.country, timestamp
    if transaction.device_id:
        _move_to_end(account.devices, hash_text(transaction.device_id), MAX_DEVICES)
        _add_use(account.first_devices, hash_first_use(transaction.device_id), minute, MAX_DEVICES)
    if transaction.ip_address:
        _add_use(account.first_networks, hash_network(transaction.ip_address), minute, MAX_NETWORKS)
    if category := normalize_category(transaction.merchant_category):
        _move_to_end(account.categories, hash_text(category), MAX_CATEGORIES)


def count_account_fraud(account: AccountProfile, transaction: StoredTransaction, change: int) -> None:
    """Mark a transaction as confirmed fraud (`change` 1), or revert that (`change` -1).

    A transaction older than the retained buckets changes nothing.
    """
    timestamp = transaction.timestamp
    cents = convert_to_cents(transaction.amount, transaction.currency)
    account.days.add_fraud(timestamp, change)
    if cents is not None:
        _flip_amount(account, timestamp, cents, change)


def has_unusual_amount(account: AccountProfile, transaction: StoredTransaction) -> bool:
    """Whether the transaction's amount is unusual for the account."""
    cents = convert_to_cents(transaction.amount, transaction.currency)
    usual = compute_usual_amount(account.amounts)
    return cents is not None and usual is not None and cents > UNUSUAL_RATIO * usual


def compute_usual_amount(amounts: Sequence[int]) -> float | None:
    """The median of the known amounts that are not fraud, or None for fewer than MIN_AMOUNTS."""
    ordered = sorted(amounts)
    begin = bisect_right(ordered, 0)
    count = len(ordered) - begin
    if count < MIN_AMOUNTS:
        return None
    half = begin + count // 2
    return ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2


@lru_cache(maxsize=4096)
def hash_text(text: str) -> int:
    """A 32-bit hash that identifies a device or category in a profile without storing its text."""
    digest = hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def hash_first_use(text: str) -> int:
    """The hash that identifies a value in `first_devices` and the like."""
    return hash_text(text) & (1 << FIRST_USE_BITS) - 1


@lru_cache(maxsize=4096)
def hash_network(address: str) -> int:
    """The hash that identifies the network of an IP address in `first_networks`."""
    return hash_first_use(find_network(address))


def _add_use(first_uses: dict[int, int], value: int, minute: int, limit: int) -> None:
    """Move a value to the end. A transaction that arrives late can be an earlier first use."""
    first_uses[value] = min(first_uses.pop(value, minute), minute)
    if len(first_uses) > limit:
        del first_uses[next(iter(first_uses))]


def _add_unrated(counts: dict[int, int], number: int, oldest: int) -> None:
    """Count in a bucket that the account's totals retain, and remove those that they do not retain."""
    if number >= oldest:
        counts[number] = counts.get(number, 0) + 1
    for expired in [bucket for bucket in counts if bucket < oldest]:
        del counts[expired]


def _add_amount(account: AccountProfile, timestamp: int, cents: int) -> None:
    times, amounts = account.times, account.amounts
    if not times or timestamp >= times[-1]:
        times.append(timestamp)
        amounts.append(cents)
    else:
        position = bisect_right(times, timestamp)
        times.insert(position, timestamp)
        amounts.insert(position, cents)
    if len(times) > MAX_AMOUNTS:
        del times[0], amounts[0]


def _flip_amount(account: AccountProfile, timestamp: int, cents: int, change: int) -> None:
    times, amounts = account.times, account.amounts
    rows = range(bisect_left(times, timestamp), bisect_right(times, timestamp))
    matches = [row for row in rows if amounts[row] * change > 0]
    if matches:
        # The exchange rate may have changed since the transaction was counted.
        row = min(matches, key=lambda row: abs(amounts[row] * change - cents))
        amounts[row] = -amounts[row]


def _move_to_end(values: list[T], value: T, limit: int) -> None:
    if values and values[-1] == value:
        return
    if value in values:
        values.remove(value)
    values.append(value)
    del values[:-limit]
