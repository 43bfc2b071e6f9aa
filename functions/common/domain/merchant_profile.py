"""The profile of a merchant: its transactions and confirmed frauds by half day."""

from msgspec import Struct, field

from functions.common.domain.time_buckets import HalfDayBuckets


class MerchantProfile(Struct, array_like=True):
    """The profile of a merchant.

    The function `merchants` counts transactions minutes after they are stored. No feature depends on that
    delay, because the windows of a merchant's features end when labels are due.

    A fraud of an amount that is unusual for its account points to a compromised account, not to the merchant.
    """

    half_days: HalfDayBuckets = field(default_factory=HalfDayBuckets)
