import pytest

from detection.data.formats.amount_formats import propose_amount_format


@pytest.mark.parametrize(
    ("texts", "settings"),
    [
        (["1.234,56", "12,50"], {"decimal": ",", "thousands": "."}),
        (["12,34,56,789.00", "500"], {"thousands": ","}),
        (["Rs.1,23,456.00", "Rs. 500"], {"thousands": ",", "symbols": ["Rs."]}),
        (["1 234.56"], {"thousands": " "}),
        (["1\N{NO-BREAK SPACE}234.56"], {"thousands": "\N{NO-BREAK SPACE}"}),
        (["1\N{THIN SPACE}234,56 zł"], {"decimal": ",", "symbols": ["zł"]}),
        (["US$12.50"], {"symbols": ["US$"]}),
        (["12,50 kr.", "3,00 kr"], {"decimal": ",", "symbols": ["kr.", "kr"]}),
        (["12.50", "inf", "NaN", "abc", "1.2k", "10%"], {}),
        (["12.50 CR", "3.00 DR"], {}),
    ],
)
def test_marks_and_symbols_are_found(texts: list[str], settings: dict[str, object]) -> None:
    assert propose_amount_format(texts).settings == settings


@pytest.mark.parametrize(
    ("text", "mention"),
    [("1,234", "decimal mark"), ("1.234", "thousands"), ("12.50 CR", "credits"), ("12 abc", "meaning")],
)
def test_format_with_two_meanings_is_a_question(text: str, mention: str) -> None:
    [question] = propose_amount_format([text]).questions
    assert mention in question


@pytest.mark.parametrize(
    ("text", "is_negative"),
    [("-1", True), ("(1)", True), ("1-", True), ("\N{MINUS SIGN}1", True), ("-0", False)],
)
def test_refunds_are_noticed(text: str, is_negative: bool) -> None:
    assert propose_amount_format([text]).has_negative == is_negative


@pytest.mark.parametrize(
    ("text", "currency"), [("₹5", "INR"), ("5 zł", "PLN"), ("CHF 5", "CHF"), ("5", "EUR")]
)
def test_currency_is_that_of_the_symbol(text: str, currency: str) -> None:
    assert propose_amount_format([text]).currency == currency
