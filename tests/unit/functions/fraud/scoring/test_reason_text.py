import math
from typing import Any

import pytest

from functions.common.domain.features import FEATURES, NAMES
from functions.fraud.scoring.reasons import Words
from tests.rules import ruleset
from tests.unit.functions.builders import inserted


def _words(features: dict[str, float] | None = None, **changes: Any) -> Words:
    values = [(features or {}).get(name, math.nan) for name in NAMES]
    return Words(inserted(**changes), values, ruleset().limits)


def test_placeholders_are_filled_in() -> None:
    template = (
        "{amount} over {limits.large} by {channel} in {country} for {merchant_category} at {merchant_id}"
    )
    words = _words(amount="1234.5", country=None)
    assert words.sentence(template) == (
        "1,234.50 USD over 100.00 USD by ecommerce in unknown for groceries at merchant_1"
    )


def test_currency_without_a_limit_says_so() -> None:
    assert _words(currency="EUR").sentence("{limits.large}") == "no limit"


def test_text_of_a_client_is_not_read_as_a_placeholder() -> None:
    assert _words(merchant_category="{amount}").sentence("{merchant_category}") == "{amount}"


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        ("account_mean_30d", 79.2, "79.20 EUR"),
        ("account_mean_30d", 12_345.6, "12,345.60 EUR"),
        ("amount_ratio", 5.2, "5.2"),
        ("amount_ratio", 0.042, "0.042"),
        ("amount_ratio", 1234.56, "1,234.6"),
        ("amount_deviation", -1.24, "-1.2"),
        ("merchant_fraud_7d", 0.35, "35 %"),
        ("merchant_fraud_7d", 0.004, "0.4 %"),
        ("merchant_fraud_7d", 1.0, "100 %"),
        ("merchant_fraud_7d", 0.0, "0 %"),
        ("account_idle", 45.0, "45 s"),
        ("account_idle", 119.0, "119 s"),
        ("account_idle", 720.0, "12 min"),
        ("account_idle", 10_800.0, "3 h"),
        ("account_idle", 36 * 3600.0, "36 h"),
        ("account_idle", 4 * 86_400.0, "4 days"),
        ("speed", 900.0, "900 km/h"),
        ("speed", 12_000.4, "12,000 km/h"),
        ("account_count_1d", 1_200.0, "1,200"),
        ("hour", 3.0, "03:00"),
        ("weekday", 0.0, "Monday"),
        ("new_device", 1.0, "yes"),
        ("new_device", 0.0, "no"),
        ("new_device", math.nan, "unknown"),
    ],
)
def test_numbers_are_written_by_their_unit(feature: str, value: float, text: str) -> None:
    assert _words({feature: value}).sentence("{" + feature + "}") == text


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        ("amount_ratio", 5.2, "amount 412.00 EUR is 5.2 times this account's 30-day mean"),
        ("merchant_fraud_7d", 0.4, "40 % of the merchant's transactions of 7 days were fraud"),
        ("new_device", 1.0, "first time for this device"),
        ("new_device", 0.0, "first time for this device: no"),
        ("new_device", math.nan, "first time for this device: unknown"),
        ("merchant_count_7d", 12.0, "the merchant's transactions in the last 7 days with labels: 12"),
    ],
)
def test_feature_that_speaks_for_fraud_is_told_in_a_sentence(feature: str, value: float, text: str) -> None:
    assert _words({feature: value}, amount=412, currency="EUR").because_of(feature) == text


@pytest.mark.parametrize("value", [0.0, 1.0, math.nan])
def test_every_feature_has_a_sentence(value: float) -> None:
    words = _words(dict.fromkeys(NAMES, value))
    for feature in FEATURES:
        assert "{" not in words.because_of(feature.name)
