import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from functions.common.domain.features import NAMES
from functions.fraud.scoring.expressions import FACTS, condition, facts_of
from tests.rules import when
from tests.unit.functions.builders import NO_FEATURES, inserted


def _holds(expression: str, features: dict[str, float] | None = None, **changes: Any) -> bool:
    values = [(features or {}).get(name, math.nan) for name in NAMES]
    rules = when(expression)
    return condition(rules.rules[0].when, rules.limits)(facts_of(inserted(**changes), values))


def test_facts_are_in_the_order_of_their_names() -> None:
    facts = facts_of(inserted(amount="12.5"), NO_FEATURES)
    assert len(facts) == len(FACTS)
    named = dict(zip(FACTS, facts, strict=True))
    assert (named["amount"], named["currency"], named["country"]) == (12.5, "USD", "US")
    assert (named["channel"], named["merchant_id"]) == ("ecommerce", "merchant_1")
    assert named["merchant_category"] == "groceries"


@pytest.mark.parametrize(("amount", "over"), [("100", False), ("100.0001", True), ("99.9999", False)])
def test_limit_itself_is_not_over_the_limit(amount: str, over: bool) -> None:
    assert _holds("amount > limits.large", amount=amount) is over


def test_limits_are_exact_to_all_digits_that_amounts_have() -> None:
    assert _holds("amount > money(99999999999.9998, 'USD')", amount=Decimal("99999999999.9999"))
    assert not _holds("amount > money(99999999999.9999, 'USD')", amount=Decimal("99999999999.9999"))


@pytest.mark.parametrize(
    ("currency", "amount", "over"),
    [("USD", 150, True), ("JPY", 150, False), ("JPY", 15_001, True), ("EUR", 150, False), ("EUR", 201, True)],
)
def test_each_currency_has_its_own_limit_or_the_default(currency: str, amount: int, over: bool) -> None:
    rules = when("amount > limits.large", limits={"large": {"USD": 100, "JPY": 15_000, "default": 200}})
    holds = condition(rules.rules[0].when, rules.limits)
    assert holds(facts_of(inserted(currency=currency, amount=amount), NO_FEATURES)) is over


def test_currency_without_any_limit_is_neither_over_nor_under_it() -> None:
    for expression in ("amount > limits.large", "amount <= limits.large", "not amount > limits.large"):
        assert not _holds(expression, currency="EUR", amount=10**9)


@pytest.mark.parametrize(
    ("currency", "amount", "over"),
    [("EUR", "100.01", True), ("USD", 114, False), ("USD", 116, True), ("XTS", 500, False)],
)
def test_amount_of_money_is_worth_as_much_in_other_currencies(
    currency: str, amount: object, over: bool
) -> None:
    assert _holds("amount > money(100, 'EUR')", currency=currency, amount=amount) is over


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
    assert _holds(f"{field} in ['{value}']", **{field: value})
    assert _holds(f"{field} == '{value}'", **{field: value})
    assert not _holds(f"{field} in ['{value}']")


@pytest.mark.parametrize(("country", "holds"), [("US", False), ("FR", True), (None, False)])
def test_not_in_holds_for_other_values_but_not_for_none(country: str | None, holds: bool) -> None:
    assert _holds("country not in ['US', 'GB']", country=country) is holds


@pytest.mark.parametrize(
    ("change", "holds"),
    [({}, True), ({"amount": 100}, False), ({"channel": "atm"}, False), ({"country": "FR"}, False)],
)
def test_conditions_joined_by_and_must_all_hold(change: dict[str, Any], holds: bool) -> None:
    expression = "amount > limits.large and channel in ['ecommerce', 'transfer'] and country == 'US'"
    assert _holds(expression, **({"amount": 101, "channel": "ecommerce", "country": "US"} | change)) is holds


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("amount_ratio > 5", True),
        ("amount_ratio > 6", False),
        ("amount_euros >= account_mean_30d * 6", True),
        ("amount_euros - account_mean_30d > money(250, 'EUR')", False),
        ("amount_euros / account_mean_30d == 6", True),
        ("amount_euros / (account_count_1d - 3) > 0", False),
        ("not amount_euros / (account_count_1d - 3) > 0", False),
        ("account_idle < minutes(5)", True),
        ("account_idle < minutes(4)", False),
        ("account_idle / hours(1) < 0.1", True),
        ("account_count_1d in [2, 3]", True),
        ("account_count_1d != 3", False),
        ("new_device", True),
        ("not new_device", False),
        ("not new_country", False),
        ("new_country or new_device", True),
        ("speed > 900 or speed <= 900", False),
        ("hour not in [1, 2]", False),
    ],
)
def test_features_are_calculated_and_compared_and_what_is_unknown_holds_nothing(
    expression: str, holds: bool
) -> None:
    known = {
        "amount_ratio": 6.0,
        "amount_euros": 300.0,
        "account_mean_30d": 50.0,
        "account_count_1d": 3.0,
        "account_idle": 299.0,
        "new_device": 1.0,
    }
    assert _holds(expression, known) is holds


Truth = bool | None
_LEAVES: dict[str, Callable[[dict[str, Any]], Truth]] = {
    "hour > 5": lambda known: None if known["hour"] is None else known["hour"] > 5,
    "hour <= 9": lambda known: None if known["hour"] is None else known["hour"] <= 9,
    "weekday == 2": lambda known: None if known["weekday"] is None else known["weekday"] == 2,
    "weekday != 2": lambda known: None if known["weekday"] is None else known["weekday"] != 2,
    "new_device": lambda known: None if known["new_device"] is None else known["new_device"] == 1,
    "country in ['US']": lambda known: None if known["country"] is None else known["country"] == "US",
    "country != 'FR'": lambda known: None if known["country"] is None else known["country"] != "FR",
    "weekday in [1, 2]": lambda known: None if known["weekday"] is None else known["weekday"] in (1, 2),
}


def _random(choose: random.Random, depth: int) -> tuple[str, Callable[[dict[str, Any]], Truth]]:
    """An expression, and what it is by the truth tables of Kleene's logic."""
    kind = choose.choice(("leaf", "not", "and", "or")) if depth else "leaf"
    if kind == "leaf":
        return choose.choice(list(_LEAVES.items()))
    left, of_left = _random(choose, depth - 1)
    if kind == "not":
        return f"not ({left})", lambda known: None if (it := of_left(known)) is None else not it
    right, of_right = _random(choose, depth - 1)

    def joined(known: dict[str, Any]) -> Truth:
        both = (of_left(known), of_right(known))
        decisive = kind == "or"
        return decisive if decisive in both else None if None in both else not decisive

    return f"({left}) {kind} ({right})", joined


@pytest.mark.parametrize("seed", range(60))
def test_expression_holds_where_it_is_true_by_three_valued_logic(seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311
    expression, truth = _random(choose, 4)
    for _ in range(40):
        known = {
            "hour": choose.choice([None, 3.0, 7.0, 12.0]),
            "weekday": choose.choice([None, 1.0, 2.0, 5.0]),
            "new_device": choose.choice([None, 0.0, 1.0]),
            "country": choose.choice([None, "US", "FR"]),
        }
        features = {name: value for name, value in known.items() if isinstance(value, float)}
        assert _holds(expression, features, country=known["country"]) is (truth(known) is True)
