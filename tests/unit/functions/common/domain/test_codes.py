from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES, decimals


def test_currencies_are_those_of_iso_4217() -> None:
    assert len(CURRENCIES) == 178
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "JPY", "XCG", "ZWG"} <= CURRENCIES
    assert not {"BGN", "HRK", "ANG", "DEM", "usd"} & CURRENCIES


def test_countries_are_those_of_iso_3166() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
    assert {"US", "NO", "GB", "SS"} <= COUNTRIES
    assert not {"UK", "EU", "XK", "AN"} & COUNTRIES


def test_decimals_are_known_for_currencies_that_have_not_two() -> None:
    assert [decimals(code) for code in ("USD", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
