"""Descriptions of rows that hold no transaction. Valid rows never use this module, for speed."""

import json
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import pyarrow

from detection.data.amounts import AmountColumn
from detection.data.column_map import LABEL, MISSING_TEXTS, ColumnMap, ColumnSource, label_spellings
from detection.data.formats.code_words import find_code
from detection.data.formats.label_words import classify_label
from detection.data.formats.time_formats import find_formats
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
SCIENTIFIC = re.compile(r"-?\d([.,]\d+)?[eE][+-]\d+|-?\d[.,]\d+[eE]\d+")
"""A number that lost digits, as spreadsheets write it."""
_MAX_QUOTED_CHARACTERS = 40
MAP_HINT = "in the file of --columns"
_TIME_EXAMPLE = 'time: {format: "%d/%m/%Y %H:%M"}'
LABEL_EXAMPLES = "0, 1, true, false, yes, no, fraud, genuine"
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
            hint = _suggest_missing(text) if text in MISSING_TEXTS else suggest_label(text)
            declared = [] if self._map.labels == label_spellings() else list(filter(None, self._map.labels))
            return f"is not one of {', '.join(declared) or LABEL_EXAMPLES}", hint
        return self._describe_code(name, text, texts)

    def _describe_id(self, name: str, text: str) -> tuple[str, str]:
        if not text:
            return "is empty", ""
        source = self._map.sources[name]
        if source.columns and re.search(rounded_id_pattern(source), text):
            return ROUNDED_ID, "Export the column as text."
        return "", ""

    def _describe_time(self, text: str) -> tuple[str, str]:
        if TimeConverter(self._kind).convert(pyarrow.array([text])).is_valid[0]:
            return "", ""
        return self._kind.describe_error(text), suggest_time_format(self._kind, text)

    def _describe_code(self, name: str, text: str, texts: Mapping[str, str]) -> tuple[str, str]:
        if name in CODES and text and text not in CODES[name][0]:
            column = ", ".join(self._map.sources[name].columns)
            code = find_code(name, text) or "CODE"
            declared = f'{name}: {{column: {column}, values: {{"{text}": {code}}}}}'
            # Without the column, amounts would be in euros.
            choice = "" if name == "currency" else ", or leave the column out,"
            hint = f"Declare a code for it, such as '{declared}'{choice} {MAP_HINT}."
            if text in MISSING_TEXTS:
                hint = _suggest_missing(text)
            if text.upper() in CODES[name][0]:
                hint = f"Declare '{name}: {{column: {column}, case: upper}}' {MAP_HINT}."
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


def suggest_label(text: str) -> str:
    """The hint on a label with an unknown spelling."""
    spelling = json.dumps(text[:_MAX_QUOTED_CHARACTERS], ensure_ascii=False)
    declared = f"labels: {{{classify_label(text) or 'fraud'}: [{spelling}]}}"
    return f"Declare its meaning, fraud, genuine or unknown, such as '{declared}', {MAP_HINT}."


def _suggest_missing(text: str) -> str:
    return f"If it is a missing value, declare 'missing: [{json.dumps(text)}]' {MAP_HINT}."


def rounded_id_pattern(source: ColumnSource) -> str:
    """The pattern of an id that is a rounded number, or that is joined from one."""
    begin, end = "^", "$"
    if len(source.columns) > 1 and source.join:
        joint = re.escape(source.join)
        begin, end = f"(?:^|{joint})", f"(?:{joint}|$)"
    return f"{begin}(?:{SCIENTIFIC.pattern}){end}"


def suggest_time_format(kind: TimeKind, text: str) -> str:
    """The hint on a text that is not a valid time of this kind; empty if there is none."""
    if not text or text in MISSING_TEXTS:
        return ""
    declared = kind.declared.format
    if not declared and is_iso_time(text) and not find_digit_format(text):
        # The time is out of range, or the other times are numbers.
        return ""
    formats = [found for found in (find_digit_format(text), *find_formats([text])) if found]
    formats = [found for found in dict.fromkeys(formats) if found != declared]
    if formats:
        others = "".join(f', or "{found}" if the month is first' for found in formats[1:2])
        return f"Declare the format, such as 'time: {{format: \"{formats[0]}\"}}'{others}, {MAP_HINT}."
    if is_rounded_number(text):
        return "Export the times with all digits."
    if kind.unit is not None:
        return kind.suggest_unit(text)
    return f"Declare the format {MAP_HINT}, such as '{_TIME_EXAMPLE}' for 31/01/2026 14:05."
