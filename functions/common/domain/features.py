"""Features: the values that rules and models read, derived from a transaction and its profiles.

The fraud function, training and the backtest share this definition. They compute the features before they add
the transaction to the profiles. An unknown value (no history, no country) is NaN.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from functions.common.domain.account_features import (
    compute_account_totals,
    compute_ages,
    compute_amounts,
    compute_novelty,
    count_new_devices,
    count_refunds,
)
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.currencies import convert_to_euros, round_to_cents
from functions.common.domain.merchant_features import (
    compute_activity,
    compute_category_shares,
    compute_fraud_run,
    compute_labelled_windows,
    count_recent,
)
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.origin_features import compute_origin_accounts
from functions.common.domain.origin_profile import OriginProfile
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from functions.common.domain.transaction_event import TransactionInserted

# Increment this whenever any value changes: a model artifact fits one version only. Append new features, and
# add the earlier number of features to _EARLIER_COUNTS, so that earlier decisions can be explained.
FEATURES_VERSION = 6
_EARLIER_COUNTS = {1: 32, 2: 32, 3: 44, 4: 46, 5: 49}
DEFAULT_LABEL_DELAY_DAYS = 7

FeatureUnit = Literal["money", "count", "share", "ratio", "duration", "speed", "hour", "weekday", "flag"]


class Feature(NamedTuple):
    """A feature. Money is in euros, a duration in seconds, a speed in km/h."""

    name: str
    unit: FeatureUnit
    description: str


UNKNOWN = math.nan
EPOCH_WEEKDAY = 3  # 1970-01-01 is a Thursday, and Monday is 0.

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
    Feature("device_age", "duration", "time since the account first used this device"),
    Feature("country_age", "duration", "time since the account first used this country"),
    Feature("merchant_age", "duration", "time since the account's first transaction at this merchant"),
    Feature("network_age", "duration", "time since the account first used this network"),
    Feature("origin_accounts_1h", "count", "other accounts on the same device or IP address within an hour"),
    Feature("origin_accounts_1d", "count", "other accounts on the same device or IP address within a day"),
    Feature("origin_accounts_30d", "count", "other accounts on the same device or IP address within 30 days"),
    Feature("merchant_count_10m", "count", "the merchant's transactions in 10 minutes until lately"),
    Feature("merchant_count_1h", "count", "the merchant's transactions in an hour until lately"),
    Feature("merchant_tiny_1h", "count", "the merchant's tiny amounts in an hour until lately"),
    Feature("amount_to_merchant", "ratio", "amount as a multiple of the merchant's mean amount of 30 days"),
    Feature("account_refunds_30d", "count", "the account's refunds within 30 days"),
    Feature(
        "category_fraud_7d",
        "share",
        "share of confirmed fraud in the merchant category in the last 7 days with labels",
    ),
    Feature(
        "category_fraud_30d",
        "share",
        "share of confirmed fraud in the merchant category in the last 30 days with labels",
    ),
    Feature("new_devices_7d", "count", "devices that the account first used within 7 days"),
    Feature("merchant_recent_1d", "count", "the merchant's transactions in a day until lately"),
    Feature("merchant_recent_7d", "count", "the merchant's transactions in 7 days until lately"),
    Feature(
        "merchant_new_devices_1h",
        "count",
        "the merchant's transactions with a device new to the account, in an hour until lately",
    ),
)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)
_DEVICE_AGE = FEATURE_NAMES.index("device_age")


def find_features(version: int) -> tuple[Feature, ...] | None:
    """The features of decisions with this version, in the order of their values. None if unknown."""
    if version == FEATURES_VERSION:
        return FEATURES
    count = _EARLIER_COUNTS.get(version)
    return None if count is None else FEATURES[:count]


def compute_features(
    account: AccountProfile,
    merchant: MerchantProfile,
    transaction: TransactionInserted,
    label_delay_days: int = DEFAULT_LABEL_DELAY_DAYS,
    *,
    origin: OriginProfile | None = None,
    category: CategoryProfile | None = None,
) -> list[float]:
    """The values of FEATURES, in order, for a transaction that is not yet added to the profiles.

    `origin` is the profile of the transaction's device or IP address, None if unknown. It may contain the
    transaction already. `category` is the profile of the transaction's merchant category, None without one.

    `label_delay_days` is the time after which the label of a transaction is due. Younger transactions cannot
    be assumed genuine, so the windows of merchant and category end there. A fraud that is confirmed earlier
    counts at once in the merchant's run of frauds. An account's windows are whole hours and days, a
    merchant's are half days; both end with the transaction's own timestamp and exclude later transactions.
    """
    timestamp = transaction.timestamp
    euros = convert_to_euros(transaction.amount, transaction.currency)
    cents = None if euros is None else round_to_cents(euros)
    day = timestamp // DAY_MS
    values = [
        UNKNOWN if euros is None else euros,
        timestamp % DAY_MS // HOUR_MS,
        (day + EPOCH_WEEKDAY) % 7,
    ]
    values += compute_account_totals(account, timestamp, day, cents)
    values += compute_amounts(account, timestamp, day, cents)
    values += compute_novelty(account, transaction)
    values += compute_labelled_windows(merchant.half_days, timestamp, label_delay_days)
    values += compute_fraud_run(merchant.half_days, timestamp, label_delay_days)
    values += compute_ages(account, transaction)
    values += compute_origin_accounts(origin, transaction.account_id, timestamp)
    *activity, merchant_new_devices = compute_activity(merchant.activity, timestamp, cents)
    values += activity
    values.append(count_refunds(account, day))
    values += compute_category_shares(category, timestamp, label_delay_days)
    values.append(count_new_devices(account, timestamp))
    values += count_recent(merchant.half_days, timestamp)
    values.append(merchant_new_devices)
    return values


def has_new_device(values: Sequence[float | None]) -> bool:
    """Whether the device is new to an account that has earlier transactions, by the values of FEATURES.

    A device is new in the minute of its first use. A refund has no values.
    """
    return bool(values) and values[_DEVICE_AGE] == 0
