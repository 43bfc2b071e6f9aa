import re
from decimal import Decimal
from typing import Any

import pytest

from detection.rules.expression import compiled

LIMITS = {"large": {"USD": Decimal(100)}}


def _form(text: str) -> Any:
    form, _, faults = compiled(text, LIMITS)
    assert not faults
    return form


def _faults(text: str) -> list[tuple[int, str]]:
    return list(compiled(text, LIMITS).faults)


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
def test_not_is_worked_out(text: str, opposite: str) -> None:
    assert _form(f"not ({text})") == _form(opposite)


def test_expression_goes_over_lines_with_comments() -> None:
    assert _form("hour > 5  # late\n  and new_device\n") == _form("hour > 5 and new_device")


def test_money_beside_the_amount_is_a_limit_for_every_currency_with_a_rate() -> None:
    form, tables, _ = compiled("amount > money(115, 'USD')", {})
    assert form == [">", "amount", "limits.115 USD"]
    assert tables["115 USD"]["USD"] == 115
    assert tables["115 USD"]["EUR"] == 100
    assert "XTS" not in tables["115 USD"]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("amount_ration > 5", 0, "unknown name 'amount_ration': did you mean amount_ratio?"),
        ("hour > 5 and colour == 'red'", 13, "unknown name 'colour': no field of a transaction"),
        ("amount > limits.lage", 9, "unknown limit 'lage': did you mean large?"),
        ("account_id == 'a'", 0, "there is no account_id here: .*lists.add"),
        ("country == US", 11, "a text stands in quotes, \"US\""),
        ("country == 'UK'", 11, "no transaction has the country 'UK'"),
        ("country == 'us'", 11, "did you mean 'US'"),
        ("channel in ['atm', 'phone']", 19, "'phone'; possible are atm, card_present, ecommerce, transfer"),
        ("currency == 'EURO'", 12, "no transaction has the currency 'EURO'"),
        ("merchant_id == 'a b'", 15, "no merchant has the id 'a b'"),
        ("amount > 5000", 9, r'write limits.NAME or money\(5000, "EUR"\)'),
        ("amount > amount_ratio", 9, "cannot be compared: write limits.NAME"),
        ("amount > account_mean_30d", 0, "the amount in euros is amount_euros"),
        ("limits.large > account_mean_30d", 0, "compare euros with euros"),
        ("account_mean_30d > 5", 19, r'write money\(5, "EUR"\)'),
        ("account_idle < 600", 15, r"write minutes\(600\), hours\(600\) or days\(600\)"),
        ("speed > hours(1)", 8, "speed in km/h.*write a plain number of km/h, such as 900"),
        ("account_count_1d > minutes(5)", 19, "write a plain number"),
        ("account_count_1d > merchant_fraud_7d", 19, "cannot be compared"),
        ("merchant_fraud_7d > 35", 20, "write 0.35 for 35 %"),
        ("hour == 24", 8, "hour from 0 to 23.* is never 24"),
        ("weekday in [5, 7]", 15, "is never 7"),
        ("country > 'US'", 10, "texts are compared by =="),
        ("country == 5", 11, "write a text in quotes"),
        ("country == currency", 11, "compared with texts in quotes"),
        ("country in 'US'", 11, "comes a list"),
        ("country in []", 11, "this list is empty"),
        ("country in ['US', 5]", 18, "compared with texts"),
        ("amount in [5]", 0, "cannot be looked for"),
        ("hour in ['5']", 9, "has plain numbers"),
        ("amount", 0, "is no condition: compare it with limits.NAME"),
        ("country", 0, "is no condition"),
        ("new_device > 1", 13, "write true or false"),
        ("amount + 5 > limits.large", 0, "makes no sense"),
        ("amount * amount > limits.large", 0, "makes no sense"),
        ("amount_ratio / 0 > 5", 15, "divides by 0"),
        ("country + 'x' == 'US'", 0, "makes no sense"),
        ("(hour > 5) + 1 > 2", 1, "holds or not"),
        ("minutes(account_idle) > 2", 0, "takes one number"),
        ("account_idle > seconds(5)", 15, "unknown function 'seconds'"),
        ("amount > money(5)", 9, "takes a number and a currency"),
        ("amount > money(5, 'EURO')", 18, "no currency 'EURO'"),
        ("amount > money(5, 'XTS')", 9, "no rate for XTS"),
        ("amount_ratio > 1e400", 15, "too large"),
        ("country is 'US'", 11, "not by 'is'"),
        ("amount_ratio ** 2 > 4", 0, "rules cannot say 'amount_ratio \\*\\* 2'"),
        ("true", 0, "the same for every transaction"),
        ("5 > 3", 4, "two values that are always the same"),
        ("money(5, 'EUR') > money(3, 'USD')", 18, "two values that are always the same"),
        ("amount > money(-5, 'EUR')", 15, "0 or more"),
        ("account_idle > minutes(-3)", 23, "0 or more"),
        ("amount > money(5, 'EUR') * 2", 9, "write the amount itself"),
        ("merchant_category in ['a' 'b']", 22, "one pair of quotes, and commas between"),
        ("merchant_category == r'a'", 21, "one pair of quotes"),
        ("country.lower() == 'us'", 0, "rules cannot say"),
        ("(lambda: true)()", 0, "rules cannot say"),
        ("[x for x in country]", 0, "rules cannot say"),
        ("__import__('os').system('x') == 1", 0, "rules cannot say"),
    ],
)  # fmt: skip
def test_fault_is_placed_and_says_what_to_write(text: str, at: int, message: str) -> None:
    [(offset, said)] = _faults(text)
    assert (offset, bool(re.search(message, said))) == (at, True), said


def test_all_faults_of_an_expression_are_found() -> None:
    text = "amount > 5 and (colour or not hour == 30) and account_idle > 5"
    assert [offset for offset, _ in _faults(text)] == [9, 16, 38, 61]


def test_place_is_counted_in_characters() -> None:
    assert _faults("merchant_category == 'café' and colour")[0][0] == 32
