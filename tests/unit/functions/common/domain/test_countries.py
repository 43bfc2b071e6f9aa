import pytest

from functions.common.domain.countries import COUNTRIES, distance_km


def test_countries_are_those_of_iso_3166() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
    assert {"US", "NO", "GB", "SS"} <= COUNTRIES
    assert not {"UK", "EU", "XK", "AN"} & COUNTRIES


def test_distance_is_between_the_centers_of_countries() -> None:
    assert distance_km("DE", "US") == pytest.approx(7700, rel=0.05)
    assert distance_km("DE", "DE") == 0


def test_distance_of_an_unknown_country_is_unknown() -> None:
    assert distance_km("DE", "XK") is None
