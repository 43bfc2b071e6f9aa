"""Reads a transaction from the event that the rule delivers."""

from typing import Literal

import msgspec
from msgspec import Struct

from functions.common.event import EVENT_FIELDS, TransactionInserted

_NUMBERS = frozenset({"timestamp", "amount", "received_at"})


class UnreadableEventError(ValueError):
    """The event is not one of an inserted transaction. Its message quotes no values."""


class _Detail(Struct, frozen=True):
    event_name: Literal["INSERT"]
    transaction: dict[str, dict[str, str | bool]]


class _Event(Struct, frozen=True):
    detail: _Detail


def read_event(event: object) -> TransactionInserted:
    """The transaction in an EventBridge event, whose values are still DynamoDB's: {"S": "USD"}.

    Raises UnreadableEventError, so that the event ends up where what failed is kept.
    """
    try:
        attributes = msgspec.convert(event, _Event).detail.transaction
        values = {name: _plain(name, attributes[name]) for name in EVENT_FIELDS if name in attributes}
        transaction = msgspec.convert(values, TransactionInserted, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableEventError(f"the event is not of an inserted transaction: {error}") from None
    if not transaction.amount.is_finite():
        raise UnreadableEventError("the transaction's amount is not a number")
    return transaction


def _plain(name: str, attribute: dict[str, str | bool]) -> str | None:
    if attribute == {"NULL": True}:
        return None
    value = attribute.get("N" if name in _NUMBERS else "S")
    if not isinstance(value, str) or len(attribute) != 1:
        raise UnreadableEventError(f"the transaction's {name} has not the type that the table gives it")
    return value
