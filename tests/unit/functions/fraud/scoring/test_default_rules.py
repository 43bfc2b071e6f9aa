"""The deployed rules."""

import math
from pathlib import Path
from typing import Any

import pytest

from detection.rules.rule_file import read_rules
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.features import FEATURE_NAMES, compute_features
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.profiles import count_transaction
from functions.fraud.scoring.scorer import Scorer, ScoringResult
from tests.unit.functions.builders import NO_FEATURES, NOW, inserted

RULES = Path(__file__).parents[5] / "stacks/processing/rules.yaml"
MINUTE_MS = 60_000
DAY_SECONDS = 86_400.0


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(read_rules(RULES))


def _score(scorer: Scorer, features: dict[str, float], **transaction: Any) -> ScoringResult:
    values = [features.get(name, math.nan) for name in FEATURE_NAMES]
    return scorer.score(inserted(**transaction), values, None, NOW)


@pytest.mark.parametrize(
    ("transaction", "flagged_by"),
    [
        ({"amount": "5000.01", "currency": "EUR"}, {"amount-over-limit", "remote-purchase-over-limit"}),
        ({"amount": 2000, "channel": "atm"}, {"cash-over-limit"}),
        ({"amount": 1, "country": "KP"}, {"high-risk-country"}),
        (
            {"amount": 1300, "merchant_category": "Gift Cards"},
            {"high-risk-category", "remote-purchase-over-limit"},
        ),
        ({"amount": 1_000_001, "currency": "JPY", "channel": None}, {"amount-over-limit"}),
        ({"amount": 4_999, "currency": "KWD", "channel": None}, {"amount-over-limit"}),
    ],
)
def test_suspicious_transactions_are_flagged(
    scorer: Scorer, transaction: dict[str, Any], flagged_by: set[str]
) -> None:
    result = scorer.score(inserted(**transaction), NO_FEATURES, None, NOW)
    assert result.suspicious
    assert {reason.rule_id for reason in result.reasons} == flagged_by


@pytest.mark.parametrize(
    "transaction",
    [
        {},
        {"amount": 999},
        {"amount": 4999, "channel": "card_present"},
        {"amount": 50, "merchant_category": "gambling"},
        {"amount": 300, "channel": "atm"},
        {"amount": 140_000, "currency": "JPY"},
        {"amount": 21_000, "currency": "VND"},
        {"country": "NO"},
    ],
)
def test_everyday_transactions_are_not_flagged(scorer: Scorer, transaction: dict[str, Any]) -> None:
    assert not scorer.score(inserted(**transaction), NO_FEATURES, None, NOW).suspicious


@pytest.mark.parametrize(
    ("features", "text"),
    [
        (
            {"amount_ratio": 5.2, "amount_deviation": 9.0, "account_count_30d": 10},
            "Amount of 412.00 EUR is 5.2 times this account's 30-day mean",
        ),
        (
            {"new_device": 1, "new_country": 1},
            "First time for this device, and for US",
        ),
        (
            {"amount_to_usual": 3.1, "account_fraud_30d": 1},
            "Amount of 412.00 EUR is 3.1 times this account's usual one; its confirmed frauds of 30 days: 1",
        ),
        (
            {"merchant_run": 3, "merchant_run_age": 5 * DAY_SECONDS, "merchant_count_7d": 4},
            "The last 3 transactions at this merchant that anything is known of were fraud,"
            " the first 5 days ago",
        ),
        (
            {"speed": 4000.0},
            "In US with the card: 4,000 km/h from the country of the account's last transaction",
        ),
        (
            {"device_age": 0, "origin_accounts_1h": 3},
            "First time for this device, which 3 other accounts used within an hour",
        ),
        (
            {"device_age": 0, "merchant_age": 0, "merchant_new_devices_1h": 4, "merchant_count_1h": 5},
            "First time for this device and merchant, after 4 other new devices there within an hour",
        ),
    ],
)
def test_large_deviation_from_history_is_flagged_with_its_values(
    scorer: Scorer, features: dict[str, float], text: str
) -> None:
    result = _score(scorer, features, amount=412, currency="EUR", channel="card_present")
    assert result.suspicious
    assert [reason.text for reason in result.reasons] == [text]


@pytest.mark.parametrize(
    "features",
    [
        {"amount_ratio": 5.2, "amount_deviation": 9.0, "account_count_30d": 9},
        {"amount_ratio": 5.2, "amount_deviation": 1.5, "account_count_30d": 10},
        {"amount_to_usual": 3.1, "largest_to_usual_14d": 3.0, "account_count_30d": 10},
        {"amount_to_usual": 3.1, "account_fraud_30d": 0},
        {"merchant_run": 2, "merchant_run_age": 5 * DAY_SECONDS, "merchant_count_7d": 4},
        {"merchant_run": 3, "merchant_run_age": 40 * DAY_SECONDS, "merchant_count_7d": 4},
        {"merchant_run": 30, "merchant_run_age": 5 * DAY_SECONDS, "merchant_count_7d": 9_000},
        {"speed": 800.0},
        {
            "amount_to_usual": 3.1,
            "largest_to_usual_14d": 4.2,
            "amount_deviation": 5.0,
            "account_count_30d": 10,
        },
        {"new_device": 1, "new_country": 0},
        {"account_count_1d": 40, "account_count_30d": 50},
        {"device_age": 60, "origin_accounts_1h": 3},
        {"device_age": 0, "origin_accounts_1h": 2},
        {"device_age": 0, "merchant_age": 0, "merchant_new_devices_1h": 4, "merchant_count_1h": 6},
        {"device_age": 0, "merchant_age": 60, "merchant_new_devices_1h": 4, "merchant_count_1h": 4},
    ],
)
def test_small_deviation_from_history_is_not_flagged(scorer: Scorer, features: dict[str, float]) -> None:
    assert not _score(scorer, features, amount=412, currency="EUR", channel="card_present").suspicious


def test_stolen_login_is_flagged_by_a_combination_of_rules(scorer: Scorer) -> None:
    result = _score(scorer, {"new_device": 1, "new_country": 1, "amount_to_usual": 2.5})
    assert result.suspicious
    assert {reason.rule_id for reason in result.reasons} == {
        "new-device-abroad",
        "new-device-with-unusual-amount",
    }


def test_cheap_purchase_on_a_low_spending_account_is_not_flagged(scorer: Scorer) -> None:
    features = {"amount_ratio": 8.0, "amount_to_usual": 8.0, "account_count_30d": 30, "account_fraud_30d": 1}
    assert not _score(scorer, features, amount=18, currency="EUR").suspicious


def test_first_transactions_of_an_account_are_not_flagged(scorer: Scorer) -> None:
    account, merchant = AccountProfile(), MerchantProfile()
    for number in range(30):
        transaction = inserted(amount=10 * (number % 7 + 1), timestamp=NOW + number * MINUTE_MS)
        result = scorer.score(transaction, compute_features(account, merchant, transaction), None, NOW)
        assert not result.suspicious, result.reasons
        count_transaction(account, merchant, transaction)
