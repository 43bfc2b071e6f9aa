"""The profiles of a merchant and of a merchant category: transactions and confirmed frauds by half day."""

from msgspec import Struct, field

from functions.common.domain.time_buckets import DayTotals, HalfDayBuckets, MinuteBuckets

# In euro cents. Stolen cards are tested with amounts below two euros.
TINY_CENTS = 200


class MerchantActivity(Struct, array_like=True):
    """The transactions of a merchant in the last hour by minute, and their amounts of 30 days by day."""

    minutes: MinuteBuckets = field(default_factory=MinuteBuckets)
    days: DayTotals = field(default_factory=DayTotals)


class MerchantProfile(Struct, array_like=True):
    """The profile of a merchant, with its latest activity.

    The function `merchants` counts transactions up to two minutes after they are stored. No feature depends
    on that delay: the windows of half days end when labels are due, those of the activity two minutes before
    the transaction.

    A fraud of an amount that is unusual for its account points to a compromised account, not to the merchant.
    """

    half_days: HalfDayBuckets = field(default_factory=HalfDayBuckets)
    activity: MerchantActivity = field(default_factory=MerchantActivity)


class CategoryProfile(Struct, array_like=True):
    """The profile of a merchant category, which the function `merchants` counts in the same way."""

    half_days: HalfDayBuckets = field(default_factory=HalfDayBuckets)


def count_in_merchant(merchant: MerchantProfile, timestamp: int, cents: int | None) -> None:
    """Add a purchase to the merchant's profile. `cents`: the amount in euro cents, None if unknown."""
    merchant.half_days.add(timestamp)
    activity = merchant.activity
    activity.minutes.add(timestamp, is_tiny=cents is not None and cents < TINY_CENTS)
    if cents is not None:
        activity.days.add(timestamp, cents)


def count_new_device(merchant: MerchantProfile, timestamp: int) -> None:
    """Count the device of a purchase as new to its account. Only the decision shows this."""
    merchant.activity.minutes.add_new_device(timestamp)
