from decimal import Decimal

import pytest

from functions.common.domain.currencies import (
    CURRENCIES,
    WITHDRAWN_CURRENCIES,
    convert_to_cents,
    convert_to_euros,
    decimal_places,
    format_money,
    format_plain,
    has_extra_decimals,
    has_rate,
)
from functions.common.domain.exchange_rates import UNITS_PER_EURO


def test_currencies_are_those_of_iso_4217() -> None:
    assert len(CURRENCIES) == 178
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "JPY", "XCG", "ZWG"} <= CURRENCIES
    assert not {"BGN", "HRK", "ANG", "DEM", "usd"} & CURRENCIES


def test_withdrawn_currencies_are_those_of_past_transactions() -> None:
    assert {"BGN", "HRK", "ANG", "DEM", "VEF", "ZWL", "AYM", "GHP", "PLZ", "XEU"} <= WITHDRAWN_CURRENCIES
    assert not WITHDRAWN_CURRENCIES & CURRENCIES
    assert convert_to_cents(Decimal("1.95583"), "BGN") == 100


@pytest.mark.parametrize(
    ("currency", "euros"),
    [("XOF", 1 / 655.957), ("SAR", 1 / 3.75 / UNITS_PER_EURO["USD"]), ("HRK", 1 / 7.5345)],
)
def test_pegged_currency_has_the_rate_of_its_peg(currency: str, euros: float) -> None:
    assert convert_to_euros(Decimal(1), currency) == pytest.approx(euros, rel=1e-5)


@pytest.mark.parametrize(
    ("currency", "known"), [("EUR", True), ("KWD", True), ("ALL", False), ("XAU", False)]
)
def test_currency_without_a_rate_has_no_euros(currency: str, known: bool) -> None:
    assert has_rate(currency) is known
    assert (convert_to_euros(Decimal(1), currency) is not None) is known


@pytest.mark.parametrize(
    ("amount", "currency", "extra"),
    [
        ("10", "JPY", False),
        ("10.0", "JPY", False),
        ("10.5", "JPY", True),
        ("1.125", "KWD", False),
        ("1.125", "USD", True),
        ("1E+3", "JPY", False),
        ("0.1234", "XAU", False),
    ],
)
def test_decimals_beyond_those_of_the_currency_are_found(amount: str, currency: str, extra: bool) -> None:
    assert has_extra_decimals(Decimal(amount), currency) is extra


@pytest.mark.parametrize(
    ("amount", "currency", "cents"),
    [
        ("12.34", "EUR", 1234),
        ("655.957", "XOF", 100),
        ("0.0001", "EUR", 1),
        ("1", "VND", 1),
        ("10", "XAU", None),
    ],
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
