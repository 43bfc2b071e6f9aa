"""The two items of a transaction: the transaction itself, and the guard item that makes its ID unique."""

import hashlib
from decimal import Decimal
from typing import Any

import msgspec

from functions.common.domain.currencies import format_plain
from functions.common.domain.transaction import TRANSACTION_FIELDS, Transaction
from functions.common.dynamodb.client import Item

# Below the timestamp of any transaction.
_GUARD_TIMESTAMP = 0


def compute_fingerprint(transaction: Transaction) -> str:
    """A hash of the transaction's values. 12.50 and 12.5 give the same hash."""
    values = msgspec.structs.asdict(transaction) | {"amount": format_plain(transaction.amount)}
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()


def build_transaction_item(transaction: Transaction, received_at: int, expires_at: int) -> Item:
    """The item of the transaction. A missing optional field is NULL, so that the item has every field.

    `received_at` is epoch milliseconds; `expires_at` is epoch seconds, which the table's TTL requires.
    """
    fields = {field.name: _type_value(getattr(transaction, field.name)) for field in TRANSACTION_FIELDS}
    return fields | {
        "received_at": _type_value(received_at),
        "expires_at": _type_value(expires_at),
        "fingerprint": _type_value(compute_fingerprint(transaction)),
    }


def build_guard_item(transaction: Transaction, expires_at: int) -> Item:
    """The item that reserves the ID for all timestamps. The pipe ignores items without an account."""
    return {
        "transaction_id": _type_value(transaction.transaction_id),
        "timestamp": _type_value(_GUARD_TIMESTAMP),
        "claimed_timestamp": _type_value(transaction.timestamp),
        "fingerprint": _type_value(compute_fingerprint(transaction)),
        "expires_at": _type_value(expires_at),
    }


def _type_value(value: str | int | Decimal | None) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    return {"N": format_plain(value) if isinstance(value, Decimal) else str(value)}
