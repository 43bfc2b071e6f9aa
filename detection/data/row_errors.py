"""Error messages for rows that hold no transaction. Valid rows never use this module, for speed."""

from collections.abc import Container, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

from detection.rules.names import CHANNELS
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES

Unit = Literal["s", "ms"]
"""The unit of timestamps."""

# The year 5138 in seconds, and March 1973 in milliseconds: the unit of any real timestamp is unambiguous.
MIN_MILLISECONDS = 100_000_000_000
# The API has the same limit: at most 12 digits before the point.
AMOUNT_LIMIT = Decimal(10**12)

_CODES: tuple[tuple[str, Container[str], str], ...] = (
    ("currency", CURRENCIES, "an ISO 4217 code"),
    ("country", COUNTRIES, "an ISO 3166-1 alpha-2 code"),
    ("channel", CHANNELS, f"one of {', '.join(sorted(CHANNELS))}"),
)
_MAX_QUOTED_CHARACTERS = 40


class BadRowError(ValueError):
    """A row does not hold a transaction. The message names the column, but not the line."""


def describe_row_error(cells: Mapping[str, str], unit: Unit, labels: Container[str]) -> str:
    """The first error in the cells, by column. `labels`: the allowed values of is_fraud."""
    for name in ("transaction_id", "account_id", "merchant_id"):
        if not cells[name]:
            return f"{name} is empty"
    try:
        return (
            _amount_error(parse_number("amount", cells["amount"]))
            or _timestamp_error(parse_number("timestamp", cells["timestamp"]), unit)
            or _label_error(cells["is_fraud"], labels)
            or _code_error(cells)
        )
    except BadRowError as error:
        return str(error)


def parse_number(name: str, text: str) -> Decimal:
    """The number in a cell. Raises BadRowError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise BadRowError(f"{name} {_quote(text)} is not a number" if text else f"{name} is empty")
    return value


def _amount_error(amount: Decimal) -> str:
    if amount < 0:
        return f"amount {amount} is negative"
    return f"amount {amount} has more than 12 digits before the point" if amount >= AMOUNT_LIMIT else ""


def _timestamp_error(time: Decimal, unit: Unit) -> str:
    if time < 0:
        return f"timestamp {time} is negative"
    if unit == "s" and time >= MIN_MILLISECONDS:
        return f"timestamp {time} is in milliseconds, but the timestamps of the file are in seconds"
    if unit == "ms" and time < MIN_MILLISECONDS:
        return f"timestamp {time} is in seconds, but the timestamps of the file are in milliseconds"
    return f"timestamp {time} is after the year 5000" if time >= MIN_MILLISECONDS * 1000 else ""


def _label_error(text: str, labels: Container[str]) -> str:
    if text in labels:
        return ""
    return f"is_fraud {_quote(text)} is not one of 0, 1, true, false" if text else "is_fraud is empty"


def _code_error(cells: Mapping[str, str]) -> str:
    errors = (
        f"{name} {_quote(cells[name])} is not {expected}"
        for name, codes, expected in _CODES
        if cells[name] and cells[name] not in codes
    )
    return next(errors, "not a transaction")


def _quote(text: str) -> str:
    limit = _MAX_QUOTED_CHARACTERS
    return f"'{text}'" if len(text) <= limit else f"'{text[:limit]}…'"
