"""ISO codes of countries and currencies by their numbers, names, other codes and symbols."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from detection.data.formats.amount_formats import CURRENCY_SYMBOLS
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import ALL_CURRENCIES

_COUNTRY_NAMES: Mapping[str, str] = {
    "AE": "uae,emirates",
    "BA": "bosnia",
    "BN": "brunei",
    "CD": "dr congo,drc",
    "CI": "ivory coast",
    "CV": "cape verde",
    "FM": "micronesia",
    "GB": "uk,great britain,britain,england",
    "GR": "el",
    "MK": "macedonia,fyrom",
    "MM": "burma",
    "MO": "macau",
    "NL": "holland",
    "PS": "palestine,palestinian territory",
    "RU": "russia",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey",
    "US": "us,usa",
    "VA": "vatican,vatican city",
}
_CURRENCY_NAMES: Mapping[str, str] = {
    "AED": "emirati dirham",
    "BGN": "bulgarian lev",
    "BRL": "brazil real",
    "CNY": "yuan,renminbi,chinese yuan",
    "DEM": "deutsche mark,german mark",
    "GBP": "sterling,british pound,uk pound,british pound sterling,great british pound",
    "HRK": "croatian kuna,kuna",
    "HUF": "hungarian forint",
    "IDR": "indonesian rupiah",
    "ILS": "shekel,israeli shekel,new israeli shekel",
    "ISK": "icelandic krona",
    "JPY": "japanese yen",
    "KRW": "korean won,south korean won",
    "KZT": "kazakhstani tenge",
    "NGN": "nigerian naira",
    "PKR": "pakistani rupee",
    "PLN": "polish zloty",
    "RUB": "rouble,ruble,russian rouble",
    "THB": "thai baht",
    "TWD": "taiwan dollar",
    "UAH": "ukrainian hryvnia",
    "USD": "american dollar,united states dollar",
    "VND": "vietnamese dong",
    "ZAR": "south african rand",
}
# Numbers of withdrawn currencies, which pycountry does not have. No other currency had them after 2000.
_WITHDRAWN_NUMBERS = """
ADP 020 AFA 004 ATS 040 AZM 031 BEF 056 BGL 100 BGN 975 BYB 112 BYR 974 CUC 931 CYP 196 DEM 276 ECS 218
EEK 233 ESP 724 FIM 246 FRF 250 GHC 288 GRD 300 HRK 191 IEP 372 ITL 380 LTL 440 LUF 442 LVL 428 MGF 450
MRO 478 MTL 470 MZM 508 NLG 528 PTE 620 ROL 642 RUR 810 SDD 736 SIT 705 SKK 703 SLL 694 SRG 740 STD 678
TJR 762 TMM 795 TRL 792 VEB 862 VEF 937 ZMK 894 ZWD 716 ZWL 932
"""
# Tables lose the zeros at the beginning, and fields of cards have one more.
_NUMBER = re.compile(r"0*(\d{1,3})(?:\.0+)?")
_MARKS = re.compile(r"[.'\N{RIGHT SINGLE QUOTATION MARK}]")
_PARENTHESES = re.compile(r"\(.*?\)")
_IGNORED_WORDS = frozenset({"and", "of", "the"})


def find_country(text: str) -> str:
    """The alpha-2 code of a country by its code, alpha-3 code, number or English name; empty if unknown.

    >>> find_country("DEU"), find_country("36"), find_country("Korea, Republic of")
    ('DE', 'AU', 'KR')
    """
    return _find(_country_codes(), text)


def find_currency(text: str) -> str:
    """The alphabetic code of a currency by its code, number, English name or symbol; empty if it is unknown.

    >>> find_currency("978"), find_currency("US Dollars"), find_currency("£")
    ('EUR', 'USD', 'GBP')
    """
    return _find(_currency_codes(), text)


def _find(codes: Mapping[str, str], text: str) -> str:
    # Also makes one character of the different widths of ¥.
    text = unicodedata.normalize("NFKC", text).strip()
    if number := _NUMBER.fullmatch(text):
        return codes.get(number[1].zfill(3), "")
    return codes.get(text.upper()) or codes.get(_name_key(text), "")


@cache
def _country_codes() -> Mapping[str, str]:
    import pycountry  # noqa: PLC0415 - few files need it

    names: list[tuple[str, str]] = []
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        codes |= dict.fromkeys((country.alpha_2, country.alpha_3, country.numeric), country.alpha_2)
        attributes = ("name", "common_name", "official_name")
        names += [(name, country.alpha_2) for key in attributes if (name := getattr(country, key, ""))]
    return _select(_read_names(names, _COUNTRY_NAMES) | codes, COUNTRIES)


@cache
def _currency_codes() -> Mapping[str, str]:
    import pycountry  # noqa: PLC0415 - few files need it

    names = [(currency.name, currency.alpha_3) for currency in pycountry.currencies]
    withdrawn = _WITHDRAWN_NUMBERS.split()
    codes = dict(zip(withdrawn[1::2], withdrawn[::2], strict=True))
    codes |= {currency.numeric: currency.alpha_3 for currency in pycountry.currencies}
    codes |= {symbol.upper(): code for symbol, code in CURRENCY_SYMBOLS.items()}
    codes |= {code: code for code in ALL_CURRENCIES}
    return _select(_read_names(names, _CURRENCY_NAMES) | codes, ALL_CURRENCIES)


def _select(codes: Mapping[str, str], known: Collection[str]) -> Mapping[str, str]:
    return {text: code for text, code in codes.items() if code in known}


def _read_names(names: Iterable[tuple[str, str]], others: Mapping[str, str]) -> dict[str, str]:
    """The code of each name. Without its part in parentheses, a name does not replace another one."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    short: dict[str, str] = {}
    for name, code in names:
        codes[_name_key(name)].add(code)
        short[_name_key(_PARENTHESES.sub("", name))] = code
    unique = {name: found.pop() for name, found in codes.items() if len(found) == 1}
    return {
        **{name: code for name, code in short.items() if name not in codes},
        **unique,
        **{_name_key(name): code for code, texts in others.items() for name in texts.split(",")},
    }


def _name_key(name: str) -> str:
    """The words in the order of the alphabet, without accents, marks, case and plural."""
    letters = unicodedata.normalize("NFKD", _MARKS.sub("", name)).lower()
    words = re.findall(
        r"[a-z0-9]+", "".join(letter for letter in letters if not unicodedata.combining(letter))
    )
    words = [
        "saint" if word == "st" else word.removesuffix("s") for word in words if word not in _IGNORED_WORDS
    ]
    return " ".join(sorted(words))
