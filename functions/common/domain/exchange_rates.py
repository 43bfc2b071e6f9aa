"""About how many units of each currency are one euro: so that one account's amounts can be compared.

Coarse on purpose (early 2026, two figures): a profile needs to know that 5000 JPY is little, not today's
rate. A currency that is not here has no amount in euros, and features that need one are unknown. They are
part of what a feature is: whoever changes them raises features.VERSION.
"""

from decimal import Decimal

_UNITS_PER_EURO = {
    "AED": 4.2, "ARS": 1600, "AUD": 1.7, "BDT": 140, "BGN": 1.96, "BHD": 0.43, "BRL": 6.3, "CAD": 1.6,
    "CHF": 0.94, "CLP": 1100, "CNY": 8.2, "COP": 4600, "CZK": 24, "DKK": 7.5, "EGP": 56, "EUR": 1,
    "GBP": 0.86, "HKD": 9.0, "HUF": 390, "IDR": 19000, "ILS": 3.9, "INR": 102, "ISK": 145, "JOD": 0.82,
    "JPY": 175, "KES": 149, "KRW": 1650, "KWD": 0.35, "KZT": 610, "MAD": 10.6, "MXN": 21.5, "MYR": 4.9,
    "NGN": 1700, "NOK": 11.8, "NZD": 2.0, "OMR": 0.45, "PEN": 4.1, "PHP": 67, "PKR": 327, "PLN": 4.25,
    "QAR": 4.2, "RON": 5.1, "RSD": 117, "SAR": 4.3, "SEK": 11.1, "SGD": 1.5, "THB": 38, "TND": 3.4,
    "TRY": 48, "TWD": 36, "TZS": 2900, "UAH": 49, "UGX": 4200, "USD": 1.15, "UYU": 46, "VND": 30000,
    "XAF": 656, "XOF": 656, "ZAR": 20.5,
}  # fmt: skip
_EUROS_PER_UNIT = {currency: 1 / units for currency, units in _UNITS_PER_EURO.items()}


def in_euros(amount: Decimal, currency: str) -> float | None:
    """About what the amount is in euros; None for a currency without a rate."""
    rate = _EUROS_PER_UNIT.get(currency)
    return None if rate is None else float(amount) * rate
