"""What is wrong with a row that holds no transaction, in words; only such a row gets here."""

from collections.abc import Container, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES

Unit = Literal["s", "ms"]

# As seconds this is the year 5138, as milliseconds March 1973: no transaction is on the wrong side of it.
FIRST_MILLISECONDS = 100_000_000_000
# As the API: at most 12 digits before the point.
AMOUNTS_END = Decimal(10**12)
CHANNELS = frozenset(("card_present", "ecommerce", "transfer", "atm"))

_CODES: tuple[tuple[str, Container[str], str], ...] = (
    ("currency", CURRENCIES, "an ISO 4217 code"),
    ("country", COUNTRIES, "an ISO 3166-1 alpha-2 code"),
    ("channel", CHANNELS, f"one of {', '.join(sorted(CHANNELS))}"),
)
_SHOWN = 40


class BadRowError(ValueError):
    """A row does not hold a transaction; the message says why, without the line."""


def fault(cells: Mapping[str, str], unit: Unit, labels: Container[str]) -> str:
    """The first thing that is wrong with the cells, by column; `labels` are what is_fraud may hold."""
    for name in ("transaction_id", "account_id", "merchant_id"):
        if not cells[name]:
            return f"{name} is empty"
    try:
        return (
            _fault_of_amount(number("amount", cells["amount"]))
            or _fault_of_time(number("timestamp", cells["timestamp"]), unit)
            or _fault_of_label(cells["is_fraud"], labels)
            or _fault_of_codes(cells)
        )
    except BadRowError as error:
        return str(error)


def number(name: str, text: str) -> Decimal:
    """The number in a cell. Raises BadRowError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise BadRowError(f"{name} {_quoted(text)} is not a number" if text else f"{name} is empty")
    return value


def _fault_of_amount(amount: Decimal) -> str:
    if amount < 0:
        return f"amount {amount} is negative"
    return f"amount {amount} has more than 12 digits before the point" if amount >= AMOUNTS_END else ""


def _fault_of_time(time: Decimal, unit: Unit) -> str:
    if time < 0:
        return f"timestamp {time} is negative"
    if unit == "s" and time >= FIRST_MILLISECONDS:
        return f"timestamp {time} is in milliseconds, but the file's are in seconds"
    if unit == "ms" and time < FIRST_MILLISECONDS:
        return f"timestamp {time} is in seconds, but the file's are in milliseconds"
    return f"timestamp {time} is after the year 5000" if time >= FIRST_MILLISECONDS * 1000 else ""


def _fault_of_label(text: str, labels: Container[str]) -> str:
    if text in labels:
        return ""
    return f"is_fraud {_quoted(text)} is none of 0, 1, true and false" if text else "is_fraud is empty"


def _fault_of_codes(cells: Mapping[str, str]) -> str:
    wrong = ((name, known, kind) for name, known, kind in _CODES if cells[name])
    found = (
        f"{name} {_quoted(cells[name])} is not {kind}"
        for name, known, kind in wrong
        if cells[name] not in known
    )
    return next(found, "not a transaction")


def _quoted(text: str) -> str:
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"
