from decimal import Decimal
from typing import Any

import pytest

from detection.rules.expression import compile_expression
from functions.fraud.scoring.rules import Limit

LIMITS = {"large": Limit(Decimal(100), "USD")}


def _form(text: str) -> Any:
    form, _, faults = compile_expression(text, LIMITS)
    assert not faults
    return form


def _faults(text: str) -> list[tuple[int, str]]:
    return list(compile_expression(text, LIMITS).faults)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("amount > limits.large", [">", "amount", "limits.large"]),
        ("account_idle < minutes(5)", ["<", "account_idle", 300]),
        ("account_idle < hours(1.5) or account_idle > days(30)",
         ["or", ["<", "account_idle", 5400], [">", "account_idle", 2_592_000]]),
        ("amount_euros > money(500, 'EUR')", [">", "amount_euros", 500.0]),
        ("amount_euros > account_mean_30d * 5", [">", "amount_euros", ["*", "account_mean_30d", 5]]),
        ("amount > limits.large / 2 + limits.large",
         [">", "amount", ["+", ["/", "limits.large", 2], "limits.large"]]),
        ("1 < amount_ratio <= 5", ["and", ["<", 1, "amount_ratio"], ["<=", "amount_ratio", 5]]),
        ("country in ['US', 'GB']", ["in", "country", ["US", "GB"]]),
        ("currency in ['EUR', 'HRK']", ["in", "currency", ["EUR", "HRK"]]),
        ("hour not in (0, 1)", ["not in", "hour", [0, 1]]),
        ("channel == 'atm'", ["in", "channel", ["atm"]]),
        ("'atm' != channel", ["not in", "channel", ["atm"]]),
        ("new_device", [">=", "new_device", 1]),
        ("new_device == false", ["<", "new_device", 1]),
        ("true == new_device", [">=", "new_device", 1]),
        ("account_idle > 0", [">", "account_idle", 0]),
        ("new_device != True", ["<", "new_device", 1]),
        ("amount_ratio > -(2 + 3) * 2", [">", "amount_ratio", -10]),
        ("account_count_1d == 3", ["==", "account_count_1d", 3]),
        ("account_count_1d != 3", ["or", ["<", "account_count_1d", 3], [">", "account_count_1d", 3]]),
        ("hour > 1 and (hour < 5 and weekday > 4)",
         ["and", [">", "hour", 1], ["<", "hour", 5], [">", "weekday", 4]]),
    ],
)  # fmt: skip
def test_expression_is_compiled(text: str, form: object) -> None:
    assert _form(text) == form


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("hour > 5", "hour <= 5"),
        ("hour >= 5", "hour < 5"),
        ("hour == 5", "hour != 5"),
        ("country in ['US']", "country not in ['US']"),
        ("new_device", "new_device == false"),
        ("hour > 5 and new_device", "hour <= 5 or not new_device"),
        ("hour > 5 or new_device", "hour <= 5 and not new_device"),
        ("not new_device", "new_device"),
        ("new_device and true", "not new_device or false"),
    ],
)
def test_not_is_compiled_to_the_opposite_condition(text: str, opposite: str) -> None:
    assert _form(f"not ({text})") == _form(opposite)


def test_expression_can_span_lines_and_have_comments() -> None:
    assert _form("hour > 5  # late\n  and new_device\n") == _form("hour > 5 and new_device")


def test_money_compared_with_the_amount_is_a_limit() -> None:
    form, literals, _ = compile_expression("amount > money(115, 'USD')", {})
    assert form == [">", "amount", "limits.115 USD"]
    assert literals == {"115 USD": Limit(Decimal(115), "USD")}


@pytest.mark.parametrize(
    ("text", "offset", "mention"),
    [
        ("amount_ration > 5", 0, "amount_ratio?"),
        ("hour > 5 and colour == 'red'", 13, "'colour'"),
        ("amount > limits.lage", 9, "large?"),
        ("account_id == 'a'", 0, "lists.add"),
        ("country == US", 11, '"US"'),
        ("country == 'UK'", 11, "'UK'"),
        ("country == 'us'", 11, "'US'?"),
        ("channel in ['atm', 'phone']", 19, "atm, card_present, ecommerce, transfer"),
        ("currency == 'EURO'", 12, "'EURO'"),
        ("merchant_id == 'a b'", 15, "'a b'"),
        ("amount > 5000", 9, 'limits.NAME or money(5000, "EUR")'),
        ("amount > amount_ratio", 9, "limits.NAME"),
        ("amount > account_mean_30d", 0, "amount_euros"),
        ("limits.large > account_mean_30d", 0, "euros"),
        ("account_mean_30d > 5", 19, 'money(5, "EUR")'),
        ("account_idle < 600", 15, "minutes(600), hours(600) or days(600)"),
        ("speed > hours(1)", 8, "km/h, such as 900"),
        ("account_count_1d > minutes(5)", 19, "plain number"),
        ("account_count_1d > merchant_fraud_7d", 19, "merchant_fraud_7d"),
        ("merchant_fraud_7d > 35", 20, "0.35"),
        ("hour == 24", 8, "0 to 23"),
        ("weekday in [5, 7]", 15, "0 to 6"),
        ("country > 'US'", 10, "=="),
        ("country == 5", 11, "in quotes"),
        ("country == currency", 11, "in quotes"),
        ("country in 'US'", 11, '["US", "GB"]'),
        ("country in []", 11, "list"),
        ("country in ['US', 5]", 18, "in quotes"),
        ("amount in [5]", 0, "amount"),
        ("hour in ['5']", 9, "plain numbers"),
        ("amount", 0, "limits.NAME"),
        ("country", 0, "country"),
        ("new_device > 1", 13, "true or false"),
        ("amount + 5 > limits.large", 0, "amount"),
        ("amount * amount > limits.large", 0, "amount"),
        ("amount_ratio / 0 > 5", 15, "0"),
        ("country + 'x' == 'US'", 0, "country"),
        ("(hour > 5) + 1 > 2", 1, "'hour > 5'"),
        ("minutes(account_idle) > 2", 0, "minutes(3)"),
        ("account_idle > seconds(5)", 15, "'seconds'"),
        ("amount > money(5)", 9, 'money(500, "EUR")'),
        ("amount > money(5, 'EURO')", 18, "'EURO'"),
        ("amount > money(5, 'XTS')", 9, "XTS"),
        ("amount_ratio > 1e400", 15, "1e+15"),
        ("country is 'US'", 11, "'is'"),
        ("amount_ratio ** 2 > 4", 0, "'amount_ratio ** 2'"),
        ("true", 0, "transaction"),
        ("5 > 3", 4, "transaction"),
        ("money(5, 'EUR') > money(3, 'USD')", 18, "transaction"),
        ("amount > money(-5, 'EUR')", 15, "-5"),
        ("account_idle > minutes(-3)", 23, "-3"),
        ("amount > money(5, 'EUR') * 2", 9, "money(…)"),
        ("merchant_category in ['a' 'b']", 22, "quotes"),
        ("merchant_category == r'a'", 21, "quotes"),
        ("country.lower() == 'us'", 0, "'country.lower()'"),
        ("(lambda: true)()", 0, "(lambda: true)()"),
        ("[x for x in country]", 0, "[x for x in country]"),
        ("__import__('os').system('x') == 1", 0, "__import__('os').system('x')"),
    ],
)
def test_fault_has_an_offset_and_names_the_cause_or_the_fix(text: str, offset: int, mention: str) -> None:
    [(fault_offset, message)] = _faults(text)
    assert fault_offset == offset
    assert mention in message


def test_all_faults_of_an_expression_are_reported() -> None:
    text = "amount > 5 and (colour or not hour == 30) and account_idle > 5"
    assert [offset for offset, _ in _faults(text)] == [9, 16, 38, 61]


def test_offset_counts_characters() -> None:
    assert _faults("merchant_category == 'café' and colour")[0][0] == 32
