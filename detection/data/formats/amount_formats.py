"""Formats of amounts that are common in files: marks, symbols and signs."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detection.data.column_map import MISSING_TEXTS
from functions.common.domain.currencies import ALL_CURRENCIES

BLANKS = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}"
"""Blanks that separate thousands, or an amount from a symbol."""
MINUS_SIGN = "\N{MINUS SIGN}"

_DECIMAL_COMMA = re.compile(r"(\d+|\d{1,3}(\.\d{3})+),\d{1,2}")
_DECIMAL_POINT = re.compile(r"\d+\.\d{1,2}")
# India groups by two digits, except for the last three.
_THOUSANDS_COMMA = re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?")
_SINGLE_COMMA = re.compile(r"\d{1,3},\d{3}")
_THOUSANDS_POINT = re.compile(r"\d{1,3}(\.\d{3})+")
_THOUSANDS_APOSTROPHE = re.compile(r"\d{1,3}((['\N{RIGHT SINGLE QUOTATION MARK}])\d{3})+(\.\d+)?")
_THOUSANDS_BLANK = re.compile(rf"\d{{1,3}}(([{BLANKS}])\d{{3}})+(\.\d+)?")
_SIGNS = f"()+-{MINUS_SIGN}"
_LETTERS = r"[^\W\d_]"
# Credit and debit, which are signs, and words for a number that is none.
_NO_SYMBOLS = frozenset({"cr", "dr", "inf", "infinity", *(text.lower() for text in MISSING_TEXTS)})
_CREDIT_OR_DEBIT = re.compile(r"\b[CcDd][Rr]\b")
CURRENCY_SYMBOLS: Mapping[str, str] = {
    "€": "EUR",
    "$": "USD",
    "US$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "R$": "BRL",
    "£": "GBP",
    "¥": "JPY",
    "\N{FULLWIDTH YEN SIGN}": "JPY",
    "₹": "INR",
    "Rs": "INR",
    "Rs.": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₪": "ILS",
    "₽": "RUB",
    "₴": "UAH",
    "zł": "PLN",
    "Kč": "CZK",
}
"""The likely currency of a symbol."""
SHARED_SYMBOLS = frozenset({"$", "¥", "\N{FULLWIDTH YEN SIGN}", "Rs", "Rs."})
"""Symbols that other currencies have as well."""


@dataclass
class AmountProposal:
    """The key `amount` of a map, what a user checks in it, and the likely currency."""

    settings: dict[str, Any] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    has_negative: bool = False
    currency: str = "EUR"


def propose_amount_format(texts: Sequence[str]) -> AmountProposal:
    """The format of amounts with a text.

    >>> propose_amount_format(["1.234,56 €"]).settings
    {'decimal': ',', 'thousands': '.', 'symbols': ['€']}
    """
    proposal = AmountProposal()
    symbols = _find_symbols(texts)
    numbers = [_remove(text, symbols).strip(_SIGNS + BLANKS) for text in texts]
    proposal.settings = _find_marks(numbers, proposal.questions)
    proposal.has_negative = any(map(_is_negative, (_remove(text, symbols) for text in texts)))
    if symbols:
        proposal.settings["symbols"] = symbols
        proposal.currency = _find_currency(symbols)
    currencies = {_find_currency([symbol], symbol) for symbol in symbols}
    if len(currencies) > 1:
        proposal.questions.append(
            f"The map removes {', '.join(symbols)} from amounts. Check whether it is one currency."
        )
    unknown = [
        symbol for symbol in symbols if symbol not in ALL_CURRENCIES and symbol not in CURRENCY_SYMBOLS
    ]
    if unknown and len(currencies) == 1 and any(map(str.isalpha, unknown[0])):
        proposal.questions.append(f"The map removes '{unknown[0]}' from amounts. Check its meaning.")
    if signed := next(filter(_CREDIT_OR_DEBIT.search, texts), ""):
        proposal.questions.append(
            f"Amounts such as '{signed}' are credits or debits, which a map cannot tell apart: use a sign."
        )
    return proposal


def _find_symbols(texts: Sequence[str]) -> list[str]:
    """Signs and names of currencies, longer ones first."""
    signs = {mark for text in texts for mark in text if unicodedata.category(mark) == "Sc"}
    pattern = rf"{_LETTERS}{{2,}}\.?"
    if signs:
        pattern = rf"{_LETTERS}{{0,3}}[{re.escape(''.join(sorted(signs)))}]|{pattern}"
    symbols = {
        symbol
        for text in texts
        if any(map(str.isdigit, text))
        for symbol in re.findall(pattern, text)
        if symbol.rstrip(".").lower() not in _NO_SYMBOLS
    }
    return sorted(symbols, key=lambda symbol: (-len(symbol), symbol))


def _find_marks(numbers: Sequence[str], questions: list[str]) -> dict[str, Any]:
    plain = [_remove(number, BLANKS) for number in numbers]
    commas, points, groups = (
        list(filter(pattern.fullmatch, plain))
        for pattern in (_DECIMAL_COMMA, _DECIMAL_POINT, _THOUSANDS_COMMA)
    )
    if commas and points:
        questions.append(f"Amounts such as {commas[0]} and {points[0]} have different decimal marks.")
    if len(commas) > len(points):
        has_groups = any("." in text for text in plain)
        return {"decimal": ",", "thousands": "."} if has_groups else {"decimal": ","}
    if groups:
        if not points and all(map(_SINGLE_COMMA.fullmatch, groups)):
            questions.append(
                f"The comma in amounts such as {groups[0]} is taken to separate thousands. If it is a decimal"
                " mark, set 'amount: {decimal: \",\"}'."
            )
        return {"thousands": ","}
    for pattern in (_THOUSANDS_APOSTROPHE, _THOUSANDS_BLANK):
        if match := next(filter(None, map(pattern.fullmatch, numbers)), None):
            return {"thousands": match[2]}
    with_points = [text for text in plain if "." in text]
    if with_points and all(map(_THOUSANDS_POINT.fullmatch, with_points)):
        questions.append(
            f"The point in amounts such as {with_points[0]} may separate thousands. If so, set"
            ' \'amount: {decimal: ",", thousands: "."}\'.'
        )
    return {}


def _is_negative(number: str) -> bool:
    number = number.strip(BLANKS)
    has_sign = number.startswith(("-", "(", MINUS_SIGN)) or number.endswith(("-", MINUS_SIGN))
    return has_sign and any(digit in number for digit in "123456789")


def _find_currency(symbols: Sequence[str], default: str = "EUR") -> str:
    """The currency of amounts with these symbols. A sign such as $ has many."""
    codes = [symbol for symbol in symbols if symbol in ALL_CURRENCIES]
    signs = [CURRENCY_SYMBOLS[symbol] for symbol in symbols if symbol in CURRENCY_SYMBOLS]
    return next(iter([*codes, *signs]), default)


def _remove(text: str, marks: Sequence[str]) -> str:
    for mark in marks:
        text = text.replace(mark, "")
    return text
