"""The event of a new transaction: what the pipe puts on the bus and the fraud function reads."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

SOURCE = "fraud.transactions"
DETAIL_TYPE = "TransactionInserted"
EVENT_NAME = "INSERT"

_NUMBERS = frozenset({"timestamp", "amount", "received_at"})


class TransactionFacts(Struct, frozen=True, kw_only=True):
    """What may be told of a stored transaction: not device, not IP address; times in epoch milliseconds."""

    transaction_id: str
    timestamp: int
    account_id: str
    merchant_id: str
    amount: Decimal
    currency: str
    channel: str | None = None
    country: str | None = None
    merchant_category: str | None = None
    received_at: int


class TransactionInserted(TransactionFacts, frozen=True, kw_only=True):
    """A stored transaction as scoring reads it: with the device, which profiles know again."""

    device_id: str | None = None


class UnreadableTransactionError(ValueError):
    """These are not the attributes of a stored transaction. The message quotes no values."""


FACTS: tuple[str, ...] = TransactionFacts.__struct_fields__
EVENT_FIELDS: tuple[str, ...] = TransactionInserted.__struct_fields__
"""The item's attributes that the pipe's template carries into `detail.transaction`, DynamoDB-typed."""
REQUIRED_FIELDS: dict[str, str] = {
    field.name: "N" if field.name in _NUMBERS else "S"
    for field in msgspec.structs.fields(TransactionInserted)
    if field.required
}
"""The attributes that every transaction has, with DynamoDB's type of each."""


def from_attributes(attributes: Mapping[str, Mapping[str, object]]) -> TransactionInserted:
    """The transaction in an item's attributes, as DynamoDB types them: {"currency": {"S": "USD"}}.

    Raises UnreadableTransactionError.
    """
    values = {name: _plain(name, attributes[name]) for name in EVENT_FIELDS if name in attributes}
    try:
        transaction = msgspec.convert(values, TransactionInserted, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableTransactionError(str(error)) from None
    if not transaction.amount.is_finite():
        raise UnreadableTransactionError("its amount is not a number")
    return transaction


def event_detail(attributes: Mapping[str, object]) -> dict[str, object]:
    """The event's detail: its name, and those of EVENT_FIELDS that the item has, typed as in the table."""
    fields = {name: attributes[name] for name in EVENT_FIELDS if name in attributes}
    return {"event_name": EVENT_NAME, "transaction": fields}


def key_of(transaction_id: str, timestamp: int) -> dict[str, dict[str, str]]:
    """The key of a transaction's item, as DynamoDB takes it."""
    return {"transaction_id": {"S": transaction_id}, "timestamp": {"N": str(timestamp)}}


def facts_of(transaction: TransactionFacts) -> dict[str, Any]:
    """The values of FACTS, by name."""
    return {name: getattr(transaction, name) for name in FACTS}


def _plain(name: str, attribute: Mapping[str, object]) -> str | None:
    if attribute == {"NULL": True}:
        return None
    value = attribute.get("N" if name in _NUMBERS else "S")
    if not isinstance(value, str) or len(attribute) != 1:
        raise UnreadableTransactionError(f"its {name} has not the type that the table gives it")
    return value
