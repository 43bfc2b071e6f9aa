"""The baselines for the simulated payments: common models on ordinary features."""

from typing import Any

import numpy as np

from benchmarks._handbook import BASELINES, common_features
from benchmarks._protocol import DELAY_DAYS, Floats, History
from benchmarks._windows import (
    DAY,
    count_distinct_today,
    find_first_uses,
    seconds_since_last,
    sum_windows,
)
from detection.data.payment_simulation import PaymentColumns
from detection.data.payments.catalogue import LINES
from detection.data.payments.events import SCENARIOS, UNKNOWN

MODELS: dict[str, list[Any]] = {
    "logistic regression": BASELINES["logistic regression"],
    # Deeper trees take minutes more for these transactions.
    "random forest": BASELINES["random forest"][:2],
    "XGBoost": BASELINES["XGBoost"],
}
_CHANNELS = sorted({line.channel for line in LINES})
_CATEGORIES = sorted({line.category for line in LINES})
_CHANNEL_NUMBERS = np.array([_CHANNELS.index(line.channel) for line in LINES])
_CATEGORY_NUMBERS = np.array([_CATEGORIES.index(line.category) for line in LINES])
_HISTORY_DAYS = 30
_MINUTES = (10, 60)
# For a first transaction, or one without an earlier one: longer than any gap.
_LONG = 365 * DAY


def read_history(payments: PaymentColumns) -> History:
    return History(
        days=payments.days,
        accounts=payments.accounts,
        kinds=np.array(SCENARIOS)[payments.scenarios],
        euros=payments.euros,
    )


def payment_features(payments: PaymentColumns) -> Floats:
    """The features of each payment. `payments`: without refunds.

    The handbook's 15 features, and the amount against the account's mean and spread, new values of the
    account, its idle time and velocity, the hour, the channel, the risk of the category with delayed labels,
    and the accounts of the device on the day.
    """
    accounts, seconds, euros = payments.accounts, payments.seconds, payments.euros
    frauds = payments.scenarios > 0
    channels, categories = _CHANNEL_NUMBERS[payments.lines], _CATEGORY_NUMBERS[payments.lines]
    columns = [
        common_features(accounts, payments.merchants, seconds, euros, frauds=frauds, first_weekday=0),
        *_compare_amounts(payments),
        _is_new(payments, payments.devices),
        _is_new(payments, payments.places),
        _is_new(payments, categories),
        np.nan_to_num(seconds_since_last(accounts, seconds), nan=_LONG),
        seconds % DAY // 3600,
        *((channels == number).astype(float) for number in range(len(_CHANNELS))),
    ]
    for minutes in _MINUTES:
        columns.append(sum_windows(accounts, seconds, euros, length=minutes * 60)[0])
    count, total = sum_windows(
        categories, seconds, frauds.astype(float), length=_HISTORY_DAYS * DAY, delay=DELAY_DAYS * DAY
    )
    columns.append(total / np.maximum(count, 1))
    of_device = count_distinct_today(payments.devices, accounts, payments.days)
    columns.append(np.where(payments.devices == UNKNOWN, 0, of_device))
    return np.column_stack(columns)


def _compare_amounts(payments: PaymentColumns) -> list[Floats]:
    """The amount as a multiple of the account's mean of 30 days, and above it in standard deviations."""
    accounts, seconds, euros = payments.accounts, payments.seconds, payments.euros
    count, total = sum_windows(accounts, seconds, euros, length=_HISTORY_DAYS * DAY)
    _, squares = sum_windows(accounts, seconds, euros**2, length=_HISTORY_DAYS * DAY)
    count, total, squares = count - 1, total - euros, squares - euros**2
    mean = total / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
    has_history = count > 0
    # A single earlier payment has a spread of 0. A spread of one cent prevents a division by zero.
    ratio = np.where(has_history, euros / np.maximum(mean, 0.01), 1)
    return [ratio, np.where(has_history, np.clip((euros - mean) / np.maximum(spread, 0.01), -100, 100), 0)]


def _is_new(payments: PaymentColumns, values: Any) -> Floats:
    """1 for the account's first payment with this value, 0 for an unknown value."""
    first = find_first_uses(payments.accounts, values)
    result: Floats = (first & (values != UNKNOWN)).astype(float)
    return result
