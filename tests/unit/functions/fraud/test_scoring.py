from decimal import Decimal
from typing import Any

import pytest

from functions.common.event import TransactionInserted
from functions.common.suspicious import Reason
from functions.fraud.rules import RuleSet
from functions.fraud.scoring import NO_FEATURES, Decision, decide, score
from tests.unit.functions.builders import inserted


def _score(transaction: TransactionInserted, *rules: dict[str, Any], **lists: Any) -> Decision:
    full = [
        {"id": f"rule-{number}", "weight": 0.5, "reason": "R"} | rule for number, rule in enumerate(rules)
    ]
    return score(transaction, NO_FEATURES, RuleSet.from_data({"threshold": 0.5, "rules": full} | lists))


def _matches(transaction: TransactionInserted, **rule: Any) -> bool:
    return _score(transaction, rule).suspicious


def _reason(rule_id: str, weight: float) -> Reason:
    return Reason(rule_id=rule_id, weight=weight, text="R")


def test_ordinary_transaction_is_not_suspicious() -> None:
    decision = _score(inserted(), {"amount_over": {"USD": 5000}})
    assert decision == Decision(score=0.0, suspicious=False, reasons=())


@pytest.mark.parametrize(("amount", "over"), [("100", False), ("100.0001", True), ("99.9999", False)])
def test_limit_itself_is_not_over_the_limit(amount: str, over: bool) -> None:
    assert _matches(inserted(amount=amount), amount_over={"USD": 100}) is over


@pytest.mark.parametrize(
    ("currency", "amount", "over"),
    [("USD", 150, True), ("JPY", 150, False), ("JPY", 15_001, True), ("EUR", 150, False)],
)
def test_each_currency_has_its_own_limit_or_the_default(currency: str, amount: int, over: bool) -> None:
    limits = {"USD": 100, "JPY": 15_000, "default": 200}
    assert _matches(inserted(currency=currency, amount=amount), amount_over=limits) is over


def test_currency_without_any_limit_is_never_over_it() -> None:
    assert not _matches(inserted(currency="EUR", amount=10**9), amount_over={"USD": 100})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "KP"),
        ("channel", "atm"),
        ("merchant_category", "gambling"),
        ("merchant_id", "m"),
        ("currency", "EUR"),
    ],
)
def test_rule_holds_for_a_listed_value_of_a_field(field: str, value: str) -> None:
    assert _matches(inserted(**{field: value}), when={field: [value]})
    assert not _matches(inserted(), when={field: [value]})


@pytest.mark.parametrize(("country", "holds"), [("US", False), ("FR", True), (None, False)])
def test_not_in_holds_for_other_values_but_not_for_none(country: str | None, holds: bool) -> None:
    assert _matches(inserted(country=country), when={"country": {"not_in": ["US", "GB"]}}) is holds


@pytest.mark.parametrize(
    ("change", "holds"),
    [({}, True), ({"amount": 100}, False), ({"channel": "atm"}, False), ({"country": "FR"}, False)],
)
def test_conditions_of_a_rule_must_all_hold(change: dict[str, Any], holds: bool) -> None:
    transaction = inserted(**({"amount": 101, "channel": "ecommerce", "country": "US"} | change))
    rule = {"amount_over": {"USD": 100}, "when": {"channel": ["ecommerce", "transfer"], "country": ["US"]}}
    assert _matches(transaction, **rule) is holds


def test_value_that_the_transaction_lacks_is_looked_up_among_the_features() -> None:
    rule = {"id": "r", "weight": 0.5, "reason": "R", "when": {"country": ["KP"]}}
    ruleset = RuleSet.from_data({"threshold": 0.5, "rules": [rule]})
    assert score(inserted(country=None), {"country": "KP"}, ruleset).suspicious


def test_weights_add_up_and_the_heaviest_reason_is_first() -> None:
    decision = decide([_reason("b", 0.1), _reason("c", 0.4), _reason("a", 0.1)], threshold=0.5)
    assert (decision.score, decision.suspicious) == (0.6, True)
    assert [reason.rule_id for reason in decision.reasons] == ["c", "a", "b"]


def test_score_is_at_most_one() -> None:
    assert decide([_reason("a", 0.9), _reason("b", 0.8)], threshold=0.5).score == 1.0


@pytest.mark.parametrize("weights", [(0.7, 0.1), (0.1, 0.7), (0.3, 0.3, 0.2)])
def test_sum_that_equals_the_threshold_on_paper_reaches_it(weights: tuple[float, ...]) -> None:
    reasons = [_reason(str(number), weight) for number, weight in enumerate(weights)]
    assert decide(reasons, threshold=0.8).suspicious


def test_score_below_the_threshold_keeps_its_reasons() -> None:
    decision = decide([_reason("a", 0.4)], threshold=0.5)
    assert (decision.score, decision.suspicious, len(decision.reasons)) == (0.4, False, 1)


@pytest.mark.parametrize(
    ("block_list", "listed"),
    [({"accounts": ["account-123456789"]}, "account"), ({"merchants": ["merchant_1"]}, "merchant")],
)
def test_block_list_is_decisive(block_list: dict[str, Any], listed: str) -> None:
    decision = _score(inserted(amount=1), block_list=block_list)
    reason = Reason(rule_id="block-list", weight=1.0, text=f"The {listed} is on the block list")
    assert decision == Decision(score=1.0, suspicious=True, reasons=(reason,))


@pytest.mark.parametrize("allow_list", [{"accounts": ["account-123456789"]}, {"merchants": ["merchant_1"]}])
def test_allow_list_is_decisive_the_other_way(allow_list: dict[str, Any]) -> None:
    decision = _score(inserted(amount=10**6), {"amount_over": {"USD": 1}}, allow_list=allow_list)
    assert decision == Decision(score=0.0, suspicious=False, reasons=())


def test_blocked_merchant_is_suspicious_for_an_allowed_account() -> None:
    lists = {"block_list": {"merchants": ["merchant_1"]}, "allow_list": {"accounts": ["account-123456789"]}}
    assert _score(inserted(), **lists).suspicious


def test_reason_is_a_sentence_with_its_placeholders_filled_in() -> None:
    rule = {
        "reason": "{amount} over {limit} by {channel} in {country} for {merchant_category} at {merchant_id}",
        "amount_over": {"default": 1000},
    }
    decision = _score(inserted(amount=Decimal("1234.5"), country=None), rule)
    assert decision.reasons[0].text == (
        "1,234.50 USD over 1,000.00 USD by ecommerce in unknown for groceries at merchant_1"
    )


def test_text_of_a_client_is_not_read_as_a_placeholder() -> None:
    rule = {"reason": "{merchant_category}", "when": {"channel": ["ecommerce"]}}
    assert _score(inserted(merchant_category="{amount}"), rule).reasons[0].text == "{amount}"
