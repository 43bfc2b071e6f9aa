"""The event `TransactionInserted`, put on the bus by the pipe and read by the fraud function."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import ALL_CURRENCIES
from functions.common.domain.transaction import Text, Timestamp, TransactionFields, is_valid_amount

SOURCE = "fraud.transactions"
DETAIL_TYPE = "TransactionInserted"
EVENT_NAME = "INSERT"
# The key of the guard item of a transaction ID, below the timestamp of any transaction.
GUARD_TIMESTAMP = 0
# In an item of this format, the function `merchants` counts the transaction for its merchant from the stream.
# Without a format, the fraud function counts it with the decision.
TRANSACTION_FORMAT = 2

# The end of the year 9999.
_LATEST_MS = 253_402_300_799_999
_COUNTRIES = COUNTRIES | {None}
_INTEGER = re.compile(r"[0-9]+")
# DynamoDB may write a number with an exponent.
_NUMBERS = {
    "timestamp": _INTEGER,
    "amount": re.compile(r"[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?"),
    "received_at": _INTEGER,
}
_ATTRIBUTE_TYPES = {**dict.fromkeys(_NUMBERS, "N"), "historic": "BOOL"}


class StoredTransaction(TransactionFields, frozen=True, kw_only=True):
    """A stored transaction without its device and IP address. Times are epoch milliseconds."""

    received_at: Timestamp


class TransactionInserted(StoredTransaction, frozen=True, kw_only=True):
    """A stored transaction as scoring reads it, with the device and IP address, which profiles recognize.

    `historic`: a past transaction, which is decided and counted and causes no alert.
    """

    device_id: Text | None = None
    ip_address: Text | None = None
    historic: bool = False


class UnreadableTransactionError(ValueError):
    """Attributes do not form a stored transaction. The message quotes no values."""


STORED_FIELDS: tuple[str, ...] = StoredTransaction.__struct_fields__
EVENT_FIELDS: tuple[str, ...] = TransactionInserted.__struct_fields__
"""The item's attributes that scoring reads in `detail.transaction`, DynamoDB-typed."""
REQUIRED_FIELDS: dict[str, str] = {
    field.name: _ATTRIBUTE_TYPES.get(field.name, "S")
    for field in msgspec.structs.fields(TransactionInserted)
    if field.required
}
"""The attributes of every transaction, with the DynamoDB type of each."""

EventAttribute = Mapping[str, object] | Literal[""] | None
"""An attribute in the event. The pipe may put "" or null for one that an item of an older version lacks."""


def decode_transaction(attributes: Mapping[str, EventAttribute]) -> TransactionInserted:
    """The transaction in an item's DynamoDB-typed attributes: {"currency": {"S": "USD"}}.

    Raises UnreadableTransactionError.
    """
    values = {
        name: _read_value(name, attribute)
        for name in EVENT_FIELDS
        if (attribute := attributes.get(name)) is not None and attribute != ""
    }
    try:
        transaction = msgspec.convert(values, TransactionInserted, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableTransactionError(str(error)) from None
    if not is_valid_amount(transaction.amount):
        raise UnreadableTransactionError("amount is not an amount that the API accepts")
    if transaction.currency not in ALL_CURRENCIES or transaction.country not in _COUNTRIES:
        raise UnreadableTransactionError("currency or country is not a code that the API accepts")
    # Not compared with each other or with the current time: a decision does not depend on clocks.
    if max(transaction.timestamp, transaction.received_at) > _LATEST_MS:
        raise UnreadableTransactionError("timestamp or received_at is later than the year 9999")
    return transaction


def build_event_detail(attributes: Mapping[str, object]) -> dict[str, object]:
    """The event's detail: its name and the item's attributes among EVENT_FIELDS, DynamoDB-typed."""
    fields = {name: attributes[name] for name in EVENT_FIELDS if name in attributes}
    return {"event_name": EVENT_NAME, "transaction": fields}


def transaction_key(transaction_id: str, timestamp: int) -> dict[str, dict[str, str]]:
    """The DynamoDB key of a transaction's item."""
    return {"transaction_id": {"S": transaction_id}, "timestamp": {"N": str(timestamp)}}


def stored_values(transaction: StoredTransaction) -> dict[str, Any]:
    """The values of STORED_FIELDS by name."""
    return {name: getattr(transaction, name) for name in STORED_FIELDS}


def _read_value(name: str, attribute: Mapping[str, object]) -> str | bool | None:
    if attribute == {"NULL": True}:
        return None
    type_ = _ATTRIBUTE_TYPES.get(name, "S")
    value, number = attribute.get(type_), _NUMBERS.get(name)
    expected = bool if type_ == "BOOL" else str
    if type(value) is not expected or len(attribute) != 1 or (number and not number.fullmatch(str(value))):
        raise UnreadableTransactionError(f"{name} is not of the type {type_} in the item")
    return value
