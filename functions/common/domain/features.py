"""Features: the values that rules and models read, derived from a transaction and its two profiles.

The fraud function, training and the backtest share this definition. They compute the features before they add
the transaction to the profiles. An unknown value (no history, no country) is NaN.
"""

import math
from typing import Literal, NamedTuple

from functions.common.domain.account_features import compute_account_totals, compute_amounts, compute_novelty
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.currencies import convert_to_euros, round_to_cents
from functions.common.domain.merchant_features import compute_fraud_run, compute_merchant_windows
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from functions.common.domain.transaction_event import TransactionInserted

# Increment this whenever any value changes: a model artifact fits one version only.
FEATURES_VERSION = 2
DEFAULT_LABEL_DELAY_DAYS = 7

FeatureUnit = Literal["money", "count", "share", "ratio", "duration", "speed", "hour", "weekday", "flag"]


class Feature(NamedTuple):
    """A feature. Money is in euros, a duration in seconds, a speed in km/h."""

    name: str
    unit: FeatureUnit
    description: str


UNKNOWN = math.nan
_EPOCH_WEEKDAY = 3  # 1970-01-01 is a Thursday, and Monday is 0.

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
)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)


def compute_features(
    account: AccountProfile,
    merchant: MerchantProfile,
    transaction: TransactionInserted,
    label_delay_days: int = DEFAULT_LABEL_DELAY_DAYS,
) -> list[float]:
    """The values of FEATURES, in order, for a transaction that is not yet added to the profiles.

    `label_delay_days` is the time after which the label of a transaction is due. Younger transactions cannot
    be assumed genuine, so the merchant's windows end there. A fraud that is confirmed earlier counts at once
    in the merchant's run of frauds. An account's windows are whole hours and days, a merchant's are half
    days; both end with the transaction's own timestamp and exclude later transactions.
    """
    timestamp = transaction.timestamp
    euros = convert_to_euros(transaction.amount, transaction.currency)
    cents = None if euros is None else round_to_cents(euros)
    day = timestamp // DAY_MS
    values = [
        UNKNOWN if euros is None else euros,
        timestamp % DAY_MS // HOUR_MS,
        (day + _EPOCH_WEEKDAY) % 7,
    ]
    values += compute_account_totals(account, timestamp, day, cents)
    values += compute_amounts(account, timestamp, day, cents)
    values += compute_novelty(account, transaction)
    values += compute_merchant_windows(merchant.half_days, timestamp, label_delay_days)
    values += compute_fraud_run(merchant.half_days, timestamp, label_delay_days)
    return values
