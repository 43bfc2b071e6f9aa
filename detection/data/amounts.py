"""Conversion of a column of amounts."""

import re
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.column_map import AmountFormat

# The API has the same limit: at most 12 digits before the point.
AMOUNT_LIMIT = 10**12
_BLANKS = (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
# Accounting writes a negative amount in parentheses, or with the sign at its end.
_ACCOUNTING = r"^\s*(?:\(([^()+-]*)\)|([^()+-]*\d)-)\s*$"


class AmountColumn:
    """A column of amounts: texts that Decimal reads, and approximate numbers, NaN for an invalid one."""

    def __init__(self, texts: pyarrow.StringArray, amount_format: AmountFormat) -> None:
        self._format = amount_format
        texts = _move_signs(texts)
        self.texts = texts if amount_format.is_plain else self._normalize(texts)
        try:
            self.floats: NDArray[np.float64] = self.texts.cast(pyarrow.float64()).to_numpy()
        except pyarrow.ArrowInvalid:
            self.floats = np.array([_to_float(text) for text in self.texts.to_pylist()], np.float64)

    def _normalize(self, texts: pyarrow.StringArray) -> pyarrow.StringArray:
        """Amounts in the declared format as plain numbers. Others are ambiguous and become empty."""
        for mark in (*self._format.symbols, *_BLANKS):
            if mark != self._format.thousands:
                texts = compute.replace_substring(texts, pattern=mark, replacement="")
        texts = _move_signs(texts)
        decimal, thousands = re.escape(self._format.decimal), re.escape(self._format.thousands)
        grouped = rf"|\d{{1,3}}({thousands}\d{{2,3}})*{thousands}\d{{3}}" if thousands else ""
        matches = compute.match_substring_regex(texts, rf"^[-+]?(\d+{grouped})({decimal}\d+)?$")
        if thousands:
            texts = compute.replace_substring(texts, pattern=self._format.thousands, replacement="")
        texts = compute.replace_substring(texts, pattern=self._format.decimal, replacement=".")
        return compute.if_else(matches, texts, "")

    def is_valid(self, allows_negative: bool) -> NDArray[np.bool_]:
        """True for each valid amount. NaN is not valid."""
        is_valid: NDArray[np.bool_] = np.abs(self.floats) < AMOUNT_LIMIT
        return is_valid if allows_negative else is_valid & (self.floats >= 0)

    def describe(self, allows_negative: bool) -> tuple[str, str]:
        """The fault of the first amount, and a hint."""
        amount = self.floats[0]
        if self.is_valid(allows_negative)[0]:
            return "", ""
        if np.isnan(amount):
            problem = "is not a number" + ("" if self._format.is_plain else " in the declared format")
            example = 'amount: {decimal: ",", symbols: ["€"]}'
            hint = (
                f"Declare the format in the file of --columns, such as '{example}'. data.inspect proposes it."
            )
            return problem, hint
        if abs(amount) >= AMOUNT_LIMIT:
            return "has more than 12 digits before the point", ""
        hint = "Declare refunds with 'refunds: keep' or 'refunds: leave_out' in the file of --columns."
        return "is negative", hint


def _move_signs(texts: pyarrow.StringArray) -> pyarrow.StringArray:
    """Negative amounts of accounting, (12.50) or 12.50-, as -12.50."""
    suspects = compute.or_(compute.ends_with(texts, "-"), compute.match_substring(texts, "("))
    if not suspects.true_count:
        return texts
    return compute.replace_substring_regex(texts, pattern=_ACCOUNTING, replacement=r"-\1\2")


def _to_float(text: str) -> float:
    try:
        return float(Decimal(text))
    except (InvalidOperation, OverflowError, ValueError):
        return float("nan")
