"""Makes a Transaction of what a client posted, or names every field at fault."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.common.domain.fields import Field
from functions.common.domain.transaction import AHEAD_MS, FIELDS, Transaction
from functions.common.http.body import read_fields

_WHOLE_DIGITS = 12
_FRACTION_DIGITS = 4
_DECIMAL = re.compile(rf"[0-9]{{1,{_WHOLE_DIGITS}}}(\.[0-9]{{1,{_FRACTION_DIGITS}}})?")
_CODES: Mapping[str, frozenset[str]] = {"currency": CURRENCIES, "country": COUNTRIES}


def parse_transaction(text: str, now_ms: int) -> Transaction:
    """The transaction in a request's body. Raises ProblemError (400), naming all fields at fault."""

    def convert(field: Field, value: object) -> object:
        converted = _amount(value) if field.name == "amount" else msgspec.convert(value, field.type)
        if not _is_possible(field.name, converted, now_ms):
            raise ValueError("a value that no transaction can have")
        return converted

    accepted = read_fields(text, FIELDS, convert, "transaction")
    return Transaction(**accepted)  # type: ignore[arg-type]  # each value was converted to its field's type


def _is_possible(name: str, value: object, now_ms: int) -> bool:
    """What the types of the model cannot say."""
    if name == "timestamp":
        return isinstance(value, int) and value <= now_ms + AHEAD_MS
    return name not in _CODES or value in _CODES[name]


def _amount(value: object) -> Decimal:
    """The exact amount: digits are counted as written, but for a number's exponent (1.5e3 is 1500)."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("no decimal")
        value = Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        raise ValueError("no positive number")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # it is not for infinities alone
    if value.adjusted() >= _WHOLE_DIGITS or -exponent > _FRACTION_DIGITS:
        raise ValueError("too many digits")
    return value
