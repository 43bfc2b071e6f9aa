"""A transaction as items of the table: its own, and the guard that makes its id unique."""

import hashlib
from decimal import Decimal
from typing import Any

import msgspec

from functions.common.domain.currencies import plain
from functions.common.domain.transaction import FIELDS, Transaction

Item = dict[str, Any]
"""Attribute values as DynamoDB types them: {"amount": {"N": "12.5"}}."""

# Below any timestamp of a transaction.
_GUARD_TIMESTAMP = 0


def fingerprint(transaction: Transaction) -> str:
    """Equal for transactions that are the same, also where 12.50 is written as 12.5."""
    values = msgspec.structs.asdict(transaction) | {"amount": plain(transaction.amount)}
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()


def transaction_item(transaction: Transaction, received_at: int, expires_at: int) -> Item:
    """The item of the transaction; a field left out is NULL, so that readers find every field.

    `received_at` is epoch milliseconds; `expires_at` is epoch seconds, as the table's TTL wants it.
    """
    fields = {field.name: _attribute(getattr(transaction, field.name)) for field in FIELDS}
    return fields | {
        "received_at": _attribute(received_at),
        "expires_at": _attribute(expires_at),
        "fingerprint": _attribute(fingerprint(transaction)),
    }


def guard_item(transaction: Transaction, expires_at: int) -> Item:
    """The item that holds the id, whatever the timestamp; the pipe leaves out what has no account."""
    return {
        "transaction_id": _attribute(transaction.transaction_id),
        "timestamp": _attribute(_GUARD_TIMESTAMP),
        "claimed_timestamp": _attribute(transaction.timestamp),
        "fingerprint": _attribute(fingerprint(transaction)),
        "expires_at": _attribute(expires_at),
    }


def _attribute(value: str | int | Decimal | None) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    return {"N": plain(value) if isinstance(value, Decimal) else str(value)}
