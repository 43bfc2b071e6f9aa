from decimal import Decimal

import pytest

from functions.common.domain.currencies import (
    CURRENCIES,
    convert_to_cents,
    decimal_places,
    format_money,
    format_plain,
)


def test_currencies_are_those_of_iso_4217() -> None:
    assert len(CURRENCIES) == 178
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "JPY", "XCG", "ZWG"} <= CURRENCIES
    assert not {"BGN", "HRK", "ANG", "DEM", "usd"} & CURRENCIES


@pytest.mark.parametrize(
    ("amount", "currency", "cents"),
    [("12.34", "EUR", 1234), ("10", "USD", 870), ("0.0001", "EUR", 1), ("1", "VND", 1), ("10", "XAU", None)],
)
def test_amount_in_cents_is_unknown_or_at_least_1(amount: str, currency: str, cents: int | None) -> None:
    assert convert_to_cents(Decimal(amount), currency) == cents


def test_decimal_places_differ_by_currency() -> None:
    assert [decimal_places(code) for code in ("USD", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12.50", "12.5"),
        ("1E+2", "100"),
        ("100", "100"),
        ("0.0001", "0.0001"),
        ("1.0000", "1"),
        ("1E-4", "0.0001"),
    ],
)
def test_plain_amount_has_neither_exponent_nor_trailing_zeros(amount: str, text: str) -> None:
    assert format_plain(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("12500.5", "USD", "12,500.50 USD"),
        ("1200", "JPY", "1,200 JPY"),
        ("1.5", "BHD", "1.500 BHD"),
        ("0.1234", "EUR", "0.1234 EUR"),
        ("999999999999.9999", "USD", "999,999,999,999.9999 USD"),
    ],
)
def test_money_has_the_decimals_of_its_currency_and_is_never_rounded(
    amount: str, currency: str, text: str
) -> None:
    assert format_money(Decimal(amount), currency) == text
