import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.expressions import (
    VARIABLES,
    compile_condition,
    digest_condition,
    variable_values,
)
from functions.fraud.scoring.rules import Limit
from tests.rules import ruleset_for_condition
from tests.unit.functions.builders import NO_FEATURES, inserted


def _evaluate(expression: str, features: dict[str, float] | None = None, **changes: Any) -> bool:
    values = [(features or {}).get(name, math.nan) for name in FEATURE_NAMES]
    rules = ruleset_for_condition(expression)
    return compile_condition(rules.rules[0].when, rules.limits)(variable_values(inserted(**changes), values))


def test_values_are_in_the_order_of_the_variables() -> None:
    values = variable_values(inserted(amount="12.5"), NO_FEATURES)
    assert len(values) == len(VARIABLES)
    by_name = dict(zip(VARIABLES, values, strict=True))
    assert (by_name["amount"], by_name["currency"], by_name["country"]) == (12.5, "USD", "US")
    assert (by_name["channel"], by_name["merchant_id"]) == ("ecommerce", "merchant_1")
    assert by_name["merchant_category"] == "groceries"


@pytest.mark.parametrize(("amount", "over"), [("100", False), ("100.0001", True), ("99.9999", False)])
def test_limit_itself_is_not_over_the_limit(amount: str, over: bool) -> None:
    assert _evaluate("amount > limits.large", amount=amount) is over


def test_limits_are_exact_to_all_digits_of_amounts() -> None:
    assert _evaluate("amount > money(99999999999.9998, 'USD')", amount=Decimal("99999999999.9999"))
    assert not _evaluate("amount > money(99999999999.9999, 'USD')", amount=Decimal("99999999999.9999"))


@pytest.mark.parametrize(
    ("currency", "amount", "over"),
    [
        ("USD", 101, True),
        ("JPY", 150, False),
        ("JPY", 30_000, True),
        ("VND", 21_000, False),
        ("KWD", 99, True),
    ],
)
def test_limit_is_converted_to_the_currency_of_the_transaction(
    currency: str, amount: int, over: bool
) -> None:
    assert _evaluate("amount > limits.large", currency=currency, amount=amount) is over


def test_amount_without_an_exchange_rate_is_neither_over_nor_under_a_limit() -> None:
    for expression in ("amount > limits.large", "amount <= limits.large", "not amount > limits.large"):
        assert not _evaluate(expression, currency="XTS", amount=10**9)


@pytest.mark.parametrize(
    ("listed", "category", "matches"),
    [
        ("gambling", "GAMBLING", True),
        ("money_transfer", "Money Transfer", True),
        ("Money-Transfer", "money_transfer", True),
        ("4829", "4829.0", True),
        ("742", "0742", True),
        ("4829", "48290", False),
        ("gambling", None, False),
    ],
)
def test_categories_are_compared_in_one_spelling(listed: str, category: str | None, matches: bool) -> None:
    assert _evaluate(f"merchant_category in ['{listed}']", merchant_category=category) is matches
    if category is not None:
        assert _evaluate(f"merchant_category != '{listed}'", merchant_category=category) is not matches


def test_digest_of_a_condition_depends_on_the_limits_that_it_uses() -> None:
    limits = {"large": Limit(Decimal(100), "USD"), "small": Limit(Decimal(9), "EUR")}
    form = [">", "amount", "limits.large"]
    digest = digest_condition(form, limits)
    assert digest_condition(form, limits | {"small": Limit(Decimal(8), "EUR")}) == digest
    assert digest_condition(form, limits | {"large": Limit(Decimal(99), "USD")}) != digest
    assert digest_condition([">=", "amount", "limits.large"], limits) != digest


@pytest.mark.parametrize(
    ("currency", "amount", "over"),
    [("EUR", "100.01", True), ("USD", 95, False), ("USD", 130, True), ("XTS", 500, False)],
)
def test_amount_of_money_is_converted_to_other_currencies(currency: str, amount: object, over: bool) -> None:
    assert _evaluate("amount > money(100, 'EUR')", currency=currency, amount=amount) is over


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
def test_membership_matches_a_listed_value_of_a_field(field: str, value: str) -> None:
    assert _evaluate(f"{field} in ['{value}']", **{field: value})
    assert _evaluate(f"{field} == '{value}'", **{field: value})
    assert not _evaluate(f"{field} in ['{value}']")


@pytest.mark.parametrize(("country", "expected"), [("US", False), ("FR", True), (None, False)])
def test_not_in_matches_other_values_and_not_none(country: str | None, expected: bool) -> None:
    assert _evaluate("country not in ['US', 'GB']", country=country) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, True), ({"amount": 100}, False), ({"channel": "atm"}, False), ({"country": "FR"}, False)],
)
def test_conditions_joined_by_and_must_all_match(change: dict[str, Any], expected: bool) -> None:
    expression = "amount > limits.large and channel in ['ecommerce', 'transfer'] and country == 'US'"
    assert (
        _evaluate(expression, **({"amount": 101, "channel": "ecommerce", "country": "US"} | change))
        is expected
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
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
def test_features_are_compared_and_unknown_values_never_match(expression: str, expected: bool) -> None:
    values = {
        "amount_ratio": 6.0,
        "amount_euros": 300.0,
        "account_mean_30d": 50.0,
        "account_count_1d": 3.0,
        "account_idle": 299.0,
        "new_device": 1.0,
    }
    assert _evaluate(expression, values) is expected


Truth = bool | None
_LEAVES: dict[str, Callable[[dict[str, Any]], Truth]] = {
    "hour > 5": lambda values: None if values["hour"] is None else values["hour"] > 5,
    "hour <= 9": lambda values: None if values["hour"] is None else values["hour"] <= 9,
    "weekday == 2": lambda values: None if values["weekday"] is None else values["weekday"] == 2,
    "weekday != 2": lambda values: None if values["weekday"] is None else values["weekday"] != 2,
    "new_device": lambda values: None if values["new_device"] is None else values["new_device"] == 1,
    "country in ['US']": lambda values: None if values["country"] is None else values["country"] == "US",
    "country != 'FR'": lambda values: None if values["country"] is None else values["country"] != "FR",
    "weekday in [1, 2]": lambda values: None if values["weekday"] is None else values["weekday"] in (1, 2),
}


def _build_random(rng: random.Random, depth: int) -> tuple[str, Callable[[dict[str, Any]], Truth]]:
    """A random expression and its value in Kleene's three-valued logic."""
    kind = rng.choice(("leaf", "not", "and", "or")) if depth else "leaf"
    if kind == "leaf":
        return rng.choice(list(_LEAVES.items()))
    left, left_truth = _build_random(rng, depth - 1)
    if kind == "not":
        return f"not ({left})", lambda values: None if (truth := left_truth(values)) is None else not truth
    right, right_truth = _build_random(rng, depth - 1)

    def combine(values: dict[str, Any]) -> Truth:
        both = (left_truth(values), right_truth(values))
        decisive = kind == "or"
        return decisive if decisive in both else None if None in both else not decisive

    return f"({left}) {kind} ({right})", combine


@pytest.mark.parametrize("seed", range(60))
def test_expression_matches_where_it_is_true_in_three_valued_logic(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    expression, truth = _build_random(rng, 4)
    for _ in range(40):
        values = {
            "hour": rng.choice([None, 3.0, 7.0, 12.0]),
            "weekday": rng.choice([None, 1.0, 2.0, 5.0]),
            "new_device": rng.choice([None, 0.0, 1.0]),
            "country": rng.choice([None, "US", "FR"]),
        }
        features = {name: value for name, value in values.items() if isinstance(value, float)}
        assert _evaluate(expression, features, country=values["country"]) is (truth(values) is True)
