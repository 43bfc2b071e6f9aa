"""Conversion of a column of amounts."""

import json
import re
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.column_map import AmountFormat
from detection.data.formats.amount_formats import BLANKS, MINUS_SIGN, propose_amount_format

# The API has the same limit: at most 12 digits before the point.
AMOUNT_LIMIT = 10**12
# Accounting writes a negative amount in parentheses, or with the sign at its end.
_ACCOUNTING = r"^\s*(?:\(([^()+-]*)\)|([^()+-]*\d)-)\s*$"


class AmountColumn:
    """A column of amounts: texts that Decimal reads, and approximate numbers, NaN for an invalid one."""

    def __init__(self, texts: pyarrow.StringArray, amount_format: AmountFormat) -> None:
        self._format = amount_format
        self._originals = texts
        texts = _move_signs(texts)
        self.texts = texts if amount_format.is_plain else self._normalize(texts)
        try:
            self.floats: NDArray[np.float64] = self.texts.cast(pyarrow.float64()).to_numpy()
        except pyarrow.ArrowInvalid:
            self.floats = np.array([_to_float(text) for text in self.texts.to_pylist()], np.float64)

    def _normalize(self, texts: pyarrow.StringArray) -> pyarrow.StringArray:
        """Amounts in the declared format as plain numbers. Others are ambiguous and become empty."""
        symbols = sorted(self._format.symbols, key=len, reverse=True)
        for mark in (*symbols, *BLANKS):
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
            return problem, self._suggest_format()
        if np.isinf(amount):
            return "is not a finite number", ""
        if abs(amount) >= AMOUNT_LIMIT:
            return "has more than 12 digits before the point", ""
        hint = "Declare refunds with 'refunds: keep' or 'refunds: leave_out' in the file of --columns."
        return "is negative", hint

    def _suggest_format(self) -> str:
        """The format of the first amount, to declare in a map."""
        settings = propose_amount_format([self._originals[0].as_py()]).settings
        if settings:
            format_text = ", ".join(
                f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()
            )
            return f"Declare the format in the file of --columns, such as 'amount: {{{format_text}}}'."
        return "" if self._format.is_plain else "Correct the row, or the format in the file of --columns."


def _move_signs(texts: pyarrow.StringArray) -> pyarrow.StringArray:
    """Negative amounts of accounting, (12.50) or 12.50-, as -12.50."""
    if compute.any(compute.match_substring(texts, MINUS_SIGN)).as_py():
        texts = compute.replace_substring(texts, pattern=MINUS_SIGN, replacement="-")
    suspects = compute.or_(compute.ends_with(texts, "-"), compute.match_substring(texts, "("))
    if not suspects.true_count:
        return texts
    return compute.replace_substring_regex(texts, pattern=_ACCOUNTING, replacement=r"-\1\2")


def _to_float(text: str) -> float:
    # Python also reads 1_000 and the digits of other scripts.
    if "_" in text or not text.isascii():
        return float("nan")
    try:
        return float(Decimal(text))
    except (InvalidOperation, OverflowError, ValueError):
        return float("nan")
