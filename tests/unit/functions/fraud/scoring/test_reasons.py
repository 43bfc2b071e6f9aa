import math
from typing import Any

import pytest

from functions.common.domain.features import FEATURE_NAMES, FEATURES
from functions.fraud.scoring.reasons import ReasonWriter
from tests.rules import ruleset
from tests.unit.functions.builders import inserted


def _create_writer(features: dict[str, float] | None = None, **changes: Any) -> ReasonWriter:
    values = [(features or {}).get(name, math.nan) for name in FEATURE_NAMES]
    return ReasonWriter(inserted(**changes), values, ruleset().limits)


def test_placeholders_are_replaced() -> None:
    template = (
        "{amount} over {limits.large} by {channel} in {country} for {merchant_category} at {merchant_id}"
    )
    writer = _create_writer(amount="1234.5", country=None)
    assert writer.fill_template(template) == (
        "1,234.50 USD over 100.00 USD by ecommerce in unknown for groceries at merchant_1"
    )


def test_limit_is_in_the_currency_of_the_transaction() -> None:
    text = _create_writer(currency="JPY").fill_template("{limits.large}")
    assert text.endswith(" JPY")
    assert 10_000 < int(text.removesuffix(" JPY").replace(",", "")) < 25_000


def test_limit_is_in_its_own_currency_without_an_exchange_rate() -> None:
    assert _create_writer(currency="XTS").fill_template("{limits.large}") == "100.00 USD"


def test_placeholder_in_client_text_is_not_replaced() -> None:
    assert _create_writer(merchant_category="{amount}").fill_template("{merchant_category}") == "{amount}"


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
def test_values_are_formatted_by_their_unit(feature: str, value: float, text: str) -> None:
    assert _create_writer({feature: value}).fill_template("{" + feature + "}") == text


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
def test_feature_is_explained_in_a_sentence(feature: str, value: float, text: str) -> None:
    assert _create_writer({feature: value}, amount=412, currency="EUR").explain_feature(feature) == text


@pytest.mark.parametrize("value", [0.0, 1.0, math.nan])
def test_every_feature_has_a_sentence(value: float) -> None:
    writer = _create_writer(dict.fromkeys(FEATURE_NAMES, value))
    for feature in FEATURES:
        assert "{" not in writer.explain_feature(feature.name)
