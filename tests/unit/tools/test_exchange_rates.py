from datetime import date
from decimal import Decimal

from functions.common.domain.currencies import ALL_CURRENCIES, WITHDRAWN_CURRENCIES
from tools.exchange_rates import (
    APPROXIMATE,
    JOINED_THE_EURO,
    PEGS,
    TARGET,
    compute_rates,
    read_reference_rates,
    render_module,
)


def test_rates_of_the_functions_are_those_of_the_locked_package() -> None:
    assert TARGET.read_text() == render_module(*read_reference_rates())


def test_reference_rates_have_a_date_and_the_large_currencies() -> None:
    day, rates = read_reference_rates()
    assert day > date(2026, 1, 1)
    assert {"USD", "JPY", "GBP", "CHF", "SEK", "INR", "ZAR"} <= rates.keys()


def test_every_rate_has_one_source_and_is_of_a_currency() -> None:
    _, reference = read_reference_rates()
    sources = [*reference, *PEGS, *JOINED_THE_EURO, *APPROXIMATE, "EUR"]
    assert len(sources) == len(set(sources))
    assert set(sources) == compute_rates(reference).keys() <= ALL_CURRENCIES
    assert JOINED_THE_EURO.keys() <= WITHDRAWN_CURRENCIES


def test_pegged_currency_follows_its_anchor() -> None:
    anchors = {anchor: Decimal(2) for _, anchor in PEGS.values() if anchor != "EUR"}
    rates = compute_rates(anchors)
    assert rates["SAR"] == Decimal("7.5")
    assert rates["NPR"] == Decimal("3.2")
    assert rates["XOF"] == Decimal("655.957")
