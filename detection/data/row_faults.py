"""Descriptions of rows that hold no transaction. Valid rows never use this module, for speed."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import pyarrow

from detection.data.amounts import AmountColumn
from detection.data.column_map import LABEL, ColumnMap
from detection.data.time_formats import find_formats
from detection.data.times import TimeConverter, TimeKind, find_digit_format, is_iso_time, is_rounded_number
from detection.rules.names import CHANNELS
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import ALL_CURRENCIES
from functions.common.domain.transaction import PURCHASE, REFUND

IDS = ("transaction_id", "account_id", "merchant_id")
CODES: Mapping[str, tuple[Collection[str], str]] = {
    "currency": (ALL_CURRENCIES, "an ISO 4217 code"),
    "country": (COUNTRIES, "an ISO 3166-1 alpha-2 code"),
    "channel": (CHANNELS, f"one of {', '.join(sorted(CHANNELS))}"),
    "type": ((PURCHASE, REFUND), "one of purchase, refund"),
}
_CODE_EXAMPLES = {"currency": "EUR", "country": "DE", "channel": "card_present", "type": PURCHASE}
SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE][+-]\d+|\d[.,]\d+[eE]\d+")
"""A number that lost digits, as spreadsheets write it."""
_MAX_QUOTED_CHARACTERS = 40
_MAP_HINT = "in the file of --columns"
LABEL_HINT = f"Declare the spelling, such as 'labels: {{fraud: [\"C\"]}}', {_MAP_HINT}."
ROUNDED_ID = "is a rounded number: a spreadsheet gives many ids the same one"


class RowFault(NamedTuple):
    """A row that holds no transaction: its number in the file, the reason, what to do, and its cells."""

    number: int
    reason: str
    hint: str
    cells: list[str]


class RowDescriber:
    """Finds the first fault in the texts of a row, in the order of the fields."""

    def __init__(self, column_map: ColumnMap, kind: TimeKind) -> None:
        self._map = column_map
        self._kind = kind

    def describe(self, texts: Mapping[str, str]) -> tuple[str, str]:
        """The reason and a hint, by the text of each field."""
        for name, text in texts.items():
            problem, hint = self._describe_field(name, text, texts)
            if problem:
                return f"{self._quote(name, text)} {problem}", hint
        return "not a transaction", ""

    def _describe_field(self, name: str, text: str, texts: Mapping[str, str]) -> tuple[str, str]:
        if name in IDS:
            return self._describe_id(name, text)
        if name == "amount" and not text:
            return "is empty", ""
        if name == "amount":
            column = AmountColumn(pyarrow.array([text]), self._map.amount)
            return column.describe(allows_negative=self._map.refunds is not None)
        if name == "timestamp":
            return self._describe_time(text)
        if name == LABEL and text.strip().lower() not in self._map.labels:
            return (
                "is not one of 0, 1, true, false, yes, no, fraud, genuine",
                LABEL_HINT,
            )
        return self._describe_code(name, text, texts)

    def _describe_id(self, name: str, text: str) -> tuple[str, str]:
        if not text:
            return "is empty", ""
        if self._map.sources[name].columns and SCIENTIFIC.fullmatch(text):
            return ROUNDED_ID, "Export the column as text."
        return "", ""

    def _describe_time(self, text: str) -> tuple[str, str]:
        if TimeConverter(self._kind).convert(pyarrow.array([text])).is_valid[0]:
            return "", ""
        return self._kind.describe_error(text), suggest_time_format(self._kind, text)

    def _describe_code(self, name: str, text: str, texts: Mapping[str, str]) -> tuple[str, str]:
        if name in CODES and text and text not in CODES[name][0]:
            column = ", ".join(self._map.sources[name].columns)
            declared = f'{name}: {{column: {column}, values: {{"{text}": {_CODE_EXAMPLES[name]}}}}}'
            hint = f"Declare a code for it, such as '{declared}', or leave the column out, {_MAP_HINT}."
            if text.upper() in CODES[name][0]:
                hint = f"Declare '{name}: {{column: {column}, case: upper}}' {_MAP_HINT}."
            return f"is not {CODES[name][1]}", hint
        if name == "original_transaction_id" and text and texts.get("type") != REFUND:
            return "is only allowed with type refund", ""
        return "", ""

    def _quote(self, name: str, text: str) -> str:
        columns = self._map.sources[name].columns
        source = f" (column {', '.join(columns)})" if columns and columns != (name,) else ""
        if not text:
            return f"{name}{source}"
        limit = _MAX_QUOTED_CHARACTERS
        return f"{name} '{text if len(text) <= limit else text[:limit] + '…'}'{source}"


def suggest_time_format(kind: TimeKind, text: str) -> str:
    """The hint on a text that is not a valid time of this kind; empty if there is none."""
    if not text:
        return ""
    formats = [found for found in (find_digit_format(text), *find_formats([text])) if found]
    if formats and not kind.declared.format:
        return f"Declare the format, such as 'time: {{format: \"{formats[0]}\"}}', {_MAP_HINT}."
    if not kind.declared.format and is_iso_time(text):
        # The time is out of range.
        return ""
    if is_rounded_number(text):
        return "Export the times with all digits."
    if kind.unit is not None:
        return "" if text.startswith("-") else "Declare the unit with --unit."
    return f"Declare the format, such as 'time: {{format: \"%d/%m/%Y %H:%M\"}}', {_MAP_HINT}."
