"""Validation of posted transactions."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.common.domain.fields import Field
from functions.common.domain.transaction import MAX_CLOCK_SKEW_MS, TRANSACTION_FIELDS, Transaction
from functions.common.http.body import read_fields

_WHOLE_DIGITS = 12
_FRACTION_DIGITS = 4
_DECIMAL = re.compile(rf"[0-9]{{1,{_WHOLE_DIGITS}}}(\.[0-9]{{1,{_FRACTION_DIGITS}}})?")
_CODES: Mapping[str, frozenset[str]] = {"currency": CURRENCIES, "country": COUNTRIES}


def parse_transaction(text: str, now_ms: int) -> Transaction:
    """Read the transaction in a request's body. Raises ProblemError (400), which names all invalid fields."""

    def convert(field: Field, value: object) -> object:
        converted = _convert_amount(value) if field.name == "amount" else msgspec.convert(value, field.type)
        if not _is_valid(field.name, converted, now_ms):
            raise ValueError("not a valid value")
        return converted

    values = read_fields(text, TRANSACTION_FIELDS, convert, "transaction")
    return Transaction(**values)  # type: ignore[arg-type]  # each value has its field's type


def _is_valid(name: str, value: object, now_ms: int) -> bool:
    """Check the constraints that the types of the model cannot express."""
    if name == "timestamp":
        return isinstance(value, int) and value <= now_ms + MAX_CLOCK_SKEW_MS
    return name not in _CODES or value in _CODES[name]


def _convert_amount(value: object) -> Decimal:
    """Convert a value to an exact amount.

    Digits are counted as written, after the exponent of a number is applied: 1.5e3 has the digits of 1500.
    """
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("not a decimal")
        value = Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        raise ValueError("not a positive number")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # it is only a string for infinities and NaN
    if value.adjusted() >= _WHOLE_DIGITS or -exponent > _FRACTION_DIGITS:
        raise ValueError("too many digits")
    return value
