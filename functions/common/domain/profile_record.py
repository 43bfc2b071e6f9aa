"""A profile as the table `profiles` stores it: with its version, its overrides and the account's alerts."""

from typing import Generic, TypeVar

from msgspec import Struct

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.overrides import ListEntry, Snooze

P = TypeVar("P", AccountProfile, MerchantProfile, CategoryProfile)


class AlertHistory(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The latest alert window of an account and the one before it: start (epoch milliseconds) and alerts."""

    started_at: int = 0
    count: int = 0
    previous_started_at: int = 0
    previous_count: int = 0


class ProfileRecord(Struct, Generic[P], kw_only=True):
    """A profile and the state that is stored with it. `subject` is its key; `version` 0 is not stored yet."""

    subject: str
    profile: P
    version: int = 0
    list_entry: ListEntry | None = None
    snooze: Snooze | None = None
    alert_history: AlertHistory = AlertHistory()
