"""Reads a transaction from the event that the rule delivers."""

from typing import Literal

import msgspec
from msgspec import Struct

from functions.common.domain.transaction_event import (
    TransactionInserted,
    UnreadableTransactionError,
    from_attributes,
)


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
        return from_attributes(msgspec.convert(event, _Event).detail.transaction)
    except (msgspec.ValidationError, UnreadableTransactionError) as error:
        raise UnreadableEventError(f"the event is not of an inserted transaction: {error}") from None
