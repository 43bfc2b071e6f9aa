"""What is remembered of an account and of a merchant: sums by time and the latest amounts, of bounded size.

The one definition, for the functions, for training and for the backtest. What a transaction looks like
against a profile is features.py's, where profiles are kept is profile_items.py's.

Sums do not depend on the order in which transactions arrive: each is of what was made in its own time. That
the same transaction or label is counted once is for the caller to see to.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from functions.common.domain.currencies import in_euros
from functions.common.domain.time_buckets import Days, HalfDays, Hours
from functions.common.domain.transaction_event import TransactionFacts, TransactionInserted

AMOUNTS_KEPT = 40
COUNTRIES_KEPT = 8
DEVICES_KEPT = 8
CATEGORIES_KEPT = 24
UNUSUAL_KEPT = 16
# How many times the usual amount is unusual; and how many amounts it takes to say what is usual.
UNUSUAL_TIMES = 2.0
AMOUNTS_NEEDED = 3


class AccountProfile(Struct, array_like=True):
    """One account. Times are epoch milliseconds; what was used last stands last in its list.

    `times` and `amounts` (in euros, 0 if unknown) are of its last transactions, in order of time; the amount
    of a confirmed fraud is negative: it says nothing of what is usual. Devices and categories are marks.
    """

    hours: Hours = field(default_factory=Hours)
    days: Days = field(default_factory=Days)
    times: list[int] = []
    amounts: list[float] = []
    country: str = ""
    country_at: int = 0
    countries: list[str] = []
    devices: list[int] = []
    categories: list[int] = []


class MerchantProfile(Struct, array_like=True):
    """One merchant. `unusual`: times of its latest confirmed frauds of amounts unusual for their accounts.

    Those tell of an account misused anywhere, and not of what goes on at the merchant.
    """

    half_days: HalfDays = field(default_factory=HalfDays)
    unusual: list[int] = []


def observe(account: AccountProfile, merchant: MerchantProfile, transaction: TransactionInserted) -> None:
    """Count a transaction into both profiles."""
    timestamp = transaction.timestamp
    euros = in_euros(transaction.amount, transaction.currency)
    if euros is not None:
        account.hours.add(timestamp, euros)
        account.days.add(timestamp, euros)
    _keep_amount(account, timestamp, euros or 0.0)
    merchant.half_days.add(timestamp)
    if transaction.country:
        _use(account.countries, transaction.country, COUNTRIES_KEPT)
        if timestamp >= account.country_at:
            account.country, account.country_at = transaction.country, timestamp
    if transaction.device_id:
        _use(account.devices, mark(transaction.device_id), DEVICES_KEPT)
    if transaction.merchant_category:
        _use(account.categories, mark(transaction.merchant_category), CATEGORIES_KEPT)


def relabel(
    account: AccountProfile, merchant: MerchantProfile, transaction: TransactionFacts, change: int
) -> None:
    """Count a transaction as confirmed fraud (`change` 1), or no longer (-1), in both profiles.

    What is too old to be kept changes nothing.
    """
    timestamp = transaction.timestamp
    euros = in_euros(transaction.amount, transaction.currency)
    account.days.confirm(timestamp, change)
    if euros is not None:
        _sign_amount(account, timestamp, euros, change)
    if not merchant.half_days.confirm(timestamp, change):
        return
    if change > 0 and euros is not None and _is_unusual(account, euros):
        merchant.unusual.append(timestamp)
        del merchant.unusual[:-UNUSUAL_KEPT]
    elif change < 0 and timestamp in merchant.unusual:
        merchant.unusual.remove(timestamp)


def usual_amount(amounts: Sequence[float]) -> float | None:
    """The median of the amounts that are known and no fraud; None of too few."""
    known = sorted([amount for amount in amounts if amount > 0])
    count = len(known)
    if count < AMOUNTS_NEEDED:
        return None
    half = count // 2
    return known[half] if count % 2 else (known[half - 1] + known[half]) / 2


@lru_cache(maxsize=4096)
def mark(text: str) -> int:
    """What stands for a device or category in a profile: enough to know it again, not what it is."""
    digest = hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _is_unusual(account: AccountProfile, euros: float) -> bool:
    usual = usual_amount(account.amounts)
    return usual is not None and euros > UNUSUAL_TIMES * usual


def _keep_amount(account: AccountProfile, timestamp: int, euros: float) -> None:
    times, amounts = account.times, account.amounts
    if not times or timestamp >= times[-1]:
        times.append(timestamp)
        amounts.append(euros)
    else:
        place = bisect_right(times, timestamp)
        times.insert(place, timestamp)
        amounts.insert(place, euros)
    if len(times) > AMOUNTS_KEPT:
        del times[0], amounts[0]


def _sign_amount(account: AccountProfile, timestamp: int, euros: float, change: int) -> None:
    times, amounts = account.times, account.amounts
    place = bisect_left(times, timestamp)
    while place < len(times) and times[place] == timestamp:
        if amounts[place] == euros * change:
            amounts[place] = -amounts[place]
            return
        place += 1


T = TypeVar("T", int, str)


def _use(used: list[T], value: T, kept: int) -> None:
    if used and used[-1] == value:
        return
    if value in used:
        used.remove(value)
    used.append(value)
    del used[:-kept]
