"""ISO 4217 currencies (lists one and three, January 2026): decimal places, euro rates and amount formats."""

from decimal import Decimal

from functions.common.domain.exchange_rates import UNITS_PER_EURO

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC
XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""

# Those of list three.
_WITHDRAWN_CODES = """
ADP AFA ALK ANG AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BGN BOP BRB BRC BRE BRN BRR
BUK BYB BYR CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE GRD GWE
GWP HRD HRK IEP ILP ILR ISJ ITL LAJ LSM LTL LTT LUC LUF LUL LVL LVR MGF MLF MRO MTL MTP MVQ MXP MZE MZM NIC
NLG PEH PEI PES PLZ PTE RHD ROK ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM TPE TRL UAK UGS UGW USS UYN
UYP VEB VEF VNC XEU XFO XFU XRE YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR
"""

CURRENCIES = frozenset(_CODES.split())
"""The current currencies."""

WITHDRAWN_CURRENCIES = frozenset(_WITHDRAWN_CODES.split())
"""Currencies of past transactions."""

ALL_CURRENCIES = CURRENCIES | WITHDRAWN_CURRENCIES

_DEFAULT_DECIMAL_PLACES = 2
# Metals, units of account and test codes.
_WITHOUT_MINOR_UNIT = "XAG XAU XBA XBB XBC XBD XDR XFO XFU XPD XPT XRE XSU XTS XUA XXX"
_WITHOUT_DECIMALS = (
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
    " ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL"
)
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_DECIMAL_PLACES = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
    **dict.fromkeys(_FOUR_DECIMALS.split(), 4),
}

_EUROS_PER_UNIT = {currency: 1 / units for currency, units in UNITS_PER_EURO.items()}


def decimal_places(currency: str) -> int:
    """The number of decimal places that amounts in this currency are written with."""
    return _DECIMAL_PLACES.get(currency, _DEFAULT_DECIMAL_PLACES)


def has_extra_decimals(amount: Decimal, currency: str) -> bool:
    """Whether the amount has more decimals than its currency. Trailing zeros do not count."""
    decimals = len(format_plain(amount).partition(".")[2])
    return decimals > decimal_places(currency) and currency not in _WITHOUT_MINOR_UNIT


def has_rate(currency: str) -> bool:
    """Whether amounts in this currency can be converted to euros."""
    return currency in _EUROS_PER_UNIT


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
