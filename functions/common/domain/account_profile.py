"""The profile of an account: totals by time, the latest amounts, and what the account has used.

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

from functions.common.domain.currencies import convert_to_cents
from functions.common.domain.time_buckets import DayBuckets, HourBuckets
from functions.common.domain.transaction_event import StoredTransaction, TransactionInserted

MAX_AMOUNTS = 40
MAX_COUNTRIES = 8
MAX_DEVICES = 8
MAX_CATEGORIES = 24
# An amount is unusual if it exceeds this multiple of the usual amount, the median of at least MIN_AMOUNTS.
UNUSUAL_RATIO = 2.0
MIN_AMOUNTS = 3

T = TypeVar("T", int, str)


class AccountProfile(Struct, array_like=True):
    """The profile of an account. Times are epoch milliseconds; lists are ordered by latest use, newest last.

    `times` and `amounts` (in euro cents, 0 if unknown) describe the last transactions in chronological order.
    The amount of a confirmed fraud is negative, which excludes it from the usual amount. `country` is the
    last one, used at `country_at`. Devices and categories are stored as hashes.
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


def count_in_account(account: AccountProfile, transaction: TransactionInserted) -> None:
    """Add a transaction to the account's profile."""
    timestamp = transaction.timestamp
    cents = convert_to_cents(transaction.amount, transaction.currency)
    if cents is not None:
        account.hours.add(timestamp, cents)
        account.days.add(timestamp, cents)
    _add_amount(account, timestamp, cents or 0)
    if transaction.country:
        _move_to_end(account.countries, transaction.country, MAX_COUNTRIES)
        if timestamp >= account.country_at:
            account.country, account.country_at = transaction.country, timestamp
    if transaction.device_id:
        _move_to_end(account.devices, hash_text(transaction.device_id), MAX_DEVICES)
    if transaction.merchant_category:
        _move_to_end(account.categories, hash_text(transaction.merchant_category), MAX_CATEGORIES)


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
    genuine = sorted([amount for amount in amounts if amount > 0])
    count = len(genuine)
    if count < MIN_AMOUNTS:
        return None
    half = count // 2
    return genuine[half] if count % 2 else (genuine[half - 1] + genuine[half]) / 2


@lru_cache(maxsize=4096)
def hash_text(text: str) -> int:
    """A 32-bit hash that identifies a device or category in a profile without storing its text."""
    digest = hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


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
    position = bisect_left(times, timestamp)
    while position < len(times) and times[position] == timestamp:
        if amounts[position] == cents * change:
            amounts[position] = -amounts[position]
            return
        position += 1


def _move_to_end(values: list[T], value: T, limit: int) -> None:
    if values and values[-1] == value:
        return
    if value in values:
        values.remove(value)
    values.append(value)
    del values[:-limit]
