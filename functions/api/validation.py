"""Makes a Transaction of what a client posted, or names every field at fault."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from functions.api.exact_json import JsonObject, read_object
from functions.api.problem import FieldError, invalid
from functions.common.countries import COUNTRIES
from functions.common.currencies import CURRENCIES
from functions.common.transaction import FIELDS, Field, Transaction

_AHEAD_MS = 5 * 60 * 1000
_WHOLE_DIGITS = 12
_FRACTION_DIGITS = 4
_DECIMAL = re.compile(rf"[0-9]{{1,{_WHOLE_DIGITS}}}(\.[0-9]{{1,{_FRACTION_DIGITS}}})?")
_CODES: Mapping[str, frozenset[str]] = {"currency": CURRENCIES, "country": COUNTRIES}
_KNOWN = frozenset(field.name for field in FIELDS)


def parse_transaction(text: str, now_ms: int) -> Transaction:
    """The transaction in a request's body. Raises ProblemError (400), naming all fields at fault."""
    values = read_object(text)
    accepted: dict[str, object] = {}
    errors: list[FieldError] = []
    for field in FIELDS:
        try:
            accepted[field.name] = _accept(field, values, now_ms)
        except ValueError as error:
            errors.append(FieldError(field.name, str(error)))
    unknown = sorted(values.keys() - _KNOWN)
    errors += [FieldError(_sendable(name), "is not a field of a transaction") for name in unknown]
    if errors:
        raise invalid(errors)
    return Transaction(**accepted)  # type: ignore[arg-type]  # each value was converted to its field's type


def _accept(field: Field, values: JsonObject, now_ms: int) -> object:
    """The field's value in its own type; None where an optional field is left out. Raises ValueError."""
    if field.name in values.repeated:
        raise ValueError("is given more than once")
    if field.name not in values and field.required:
        raise ValueError("is missing")
    value = values.get(field.name)
    if value is None and not field.required:
        return None
    try:
        converted = _amount(value) if field.name == "amount" else msgspec.convert(value, field.type)
    except ValueError:
        raise ValueError(f"must be {field.description}") from None
    if not _is_possible(field.name, converted, now_ms):
        raise ValueError(f"must be {field.description}")
    return converted


def _sendable(name: str) -> str:
    # JSON can write a lone surrogate ("\\ud800") into a name; UTF-8 cannot send it back.
    return name.encode(errors="replace").decode()


def _is_possible(name: str, value: object, now_ms: int) -> bool:
    """What the types of the model cannot say."""
    if name == "timestamp":
        return isinstance(value, int) and value <= now_ms + _AHEAD_MS
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
