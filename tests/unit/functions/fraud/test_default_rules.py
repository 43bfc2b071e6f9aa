"""The rules that are deployed."""

from pathlib import Path
from typing import Any

import pytest

from detection.rules.check import rules_of
from functions.fraud.scoring import NO_FEATURES, Scorer
from tests.unit.functions.builders import NOW, inserted

RULES = Path(__file__).parents[4] / "stacks/processing/rules.yaml"


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(rules_of(RULES))


@pytest.mark.parametrize(
    ("transaction", "flagged_by"),
    [
        ({"amount": "5000.01"}, {"amount-over-limit", "remote-purchase-over-limit"}),
        ({"amount": 1600, "channel": "atm"}, {"cash-over-limit"}),
        ({"amount": 1, "country": "KP"}, {"high-risk-country"}),
        (
            {"amount": 1001, "merchant_category": "gift_cards"},
            {"high-risk-category", "remote-purchase-over-limit"},
        ),
        ({"amount": 750_001, "currency": "JPY", "channel": None}, {"amount-over-limit"}),
    ],
)
def test_suspicious_kinds_are_flagged(
    scorer: Scorer, transaction: dict[str, Any], flagged_by: set[str]
) -> None:
    verdict = scorer.score(inserted(**transaction), NO_FEATURES, None, NOW)
    assert verdict.suspicious
    assert {reason.rule_id for reason in verdict.reasons} == flagged_by


@pytest.mark.parametrize(
    "transaction",
    [
        {},
        {"amount": 999},
        {"amount": 4999, "channel": "card_present"},
        {"amount": 50, "merchant_category": "gambling"},
        {"amount": 300, "channel": "atm"},
        {"amount": 140_000, "currency": "JPY"},
        {"country": "NO"},
    ],
)
def test_everyday_kinds_are_not_flagged(scorer: Scorer, transaction: dict[str, Any]) -> None:
    assert not scorer.score(inserted(**transaction), NO_FEATURES, None, NOW).suspicious
