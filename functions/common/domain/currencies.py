"""ISO 4217 currencies (list one, January 2026): decimal places, approximate euro rates and amount formats."""

from decimal import Decimal

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC
XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""

CURRENCIES = frozenset(_CODES.split())

_DEFAULT_DECIMAL_PLACES = 2
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_DECIMAL_PLACES = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
    **dict.fromkeys(_FOUR_DECIMALS.split(), 4),
}

# Approximate rates, which are accurate enough to compare amounts in different currencies.
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


def decimal_places(currency: str) -> int:
    """The number of decimal places that amounts in this currency are written with."""
    return _DECIMAL_PLACES.get(currency, _DEFAULT_DECIMAL_PLACES)


def convert_to_euros(amount: Decimal, currency: str) -> float | None:
    """The approximate amount in euros, or None for a currency without a rate."""
    rate = _EUROS_PER_UNIT.get(currency)
    return None if rate is None else float(amount) * rate


def convert_to_cents(amount: Decimal, currency: str) -> int | None:
    """The approximate amount in euro cents, at least 1, or None for a currency without a rate."""
    rate = _EUROS_PER_UNIT.get(currency)
    return None if rate is None else round_to_cents(float(amount) * rate)


def round_to_cents(euros: float) -> int:
    """A positive amount in whole cents, at least 1: profiles use 0 for an unknown amount."""
    return round(euros * 100) or 1


def format_plain(amount: Decimal) -> str:
    """The amount without exponent or trailing zeros: '12.5' for 12.50, '100' for 1E+2."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_money(amount: Decimal, currency: str) -> str:
    """The amount with its currency, never rounded: '12,500.00 USD', '1,200 JPY', '0.1234 EUR'."""
    whole, _, fraction = format_plain(amount).partition(".")
    fraction = fraction.ljust(decimal_places(currency), "0")
    return f"{int(whole):,}{'.' if fraction else ''}{fraction} {currency}"
