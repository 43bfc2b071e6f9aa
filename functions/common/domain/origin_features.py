"""Features of an origin: the other accounts that used the same device or IP address."""

import math

from functions.common.domain.account_profile import hash_text
from functions.common.domain.origin_profile import SLOTS, TAG_BITS, OriginProfile
from functions.common.domain.time_buckets import MINUTE_MS

UNKNOWN = math.nan
_DAY_MINUTES = 24 * 60
WINDOWS_MINUTES = (60, _DAY_MINUTES, 30 * _DAY_MINUTES)


def compute_origin_accounts(origin: OriginProfile | None, account_id: str, timestamp: int) -> list[float]:
    """The other accounts that used the origin within an hour, a day and 30 days.

    The account's own slot and later uses are left out, so that an event that is processed again gives the
    same values. Accounts that share a slot count as one. `None`: the origin is unknown.
    """
    if origin is None:
        return [UNKNOWN, UNKNOWN, UNKNOWN]
    own = hash_text(account_id) % SLOTS
    minute = timestamp // MINUTE_MS
    hour_minutes, day_minutes, month_minutes = WINDOWS_MINUTES
    hour = day = month = 0
    for slot, entry in origin.slots.items():
        age = minute - (entry >> TAG_BITS)
        if slot != own and 0 <= age < month_minutes:
            month += 1
            if age < day_minutes:
                day += 1
                hour += age < hour_minutes
    return [hour, day, month]
