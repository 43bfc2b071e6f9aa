"""The transaction store: writes each transaction to DynamoDB together with the guard item of its ID.

The guard item makes the ID unique for all timestamps.
"""

import hashlib
import time
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain.currencies import format_plain
from functions.common.domain.transaction import TRANSACTION_FIELDS, Transaction
from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, write_items
from functions.common.runtime.clock import Sleep, back_off

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_PER_DAY = 86_400
_MAX_ATTEMPTS = 6
# Below the timestamp of any transaction.
_GUARD_TIMESTAMP = 0


class WriteResult(Enum):
    """The result of storing a transaction. The values are statuses of the API."""

    STORED = "stored"
    REPLAYED = "replayed"
    """The same transaction is already stored. Nothing was written."""
    ID_TAKEN = "id taken"
    """A different transaction has the ID. Nothing was written."""


class TransactionStore:
    """Writes to the table `transactions`, whose TTL deletes items after `retention_days`."""

    def __init__(
        self, client: "DynamoDBClient", table_name: str, retention_days: int, sleep: Sleep = time.sleep
    ) -> None:
        self._client = client
        self._table = table_name
        self._retention_seconds = retention_days * _SECONDS_PER_DAY
        self._sleep = sleep

    def add(self, transaction: Transaction, received_at: int) -> WriteResult:
        """Store a transaction received at this time (epoch milliseconds), at most once.

        Of concurrent attempts with one ID, exactly one is STORED. Raises StoreBusyError.
        """
        expires_at = received_at // 1000 + self._retention_seconds
        guard = build_guard_item(transaction, expires_at)
        item = build_transaction_item(transaction, received_at, expires_at)
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            try:
                write_items(self._client, [self._build_put(guard), self._build_put(item)])
            except RefusedWriteError as refused:
                if refused.existing_items:
                    return _compare_items(refused.existing_items.values(), transaction)
            else:
                return WriteResult.STORED
        raise StoreBusyError

    def _build_put(self, item: Item) -> Any:
        """A write that never replaces an item.

        An expired item blocks the ID until the TTL deletes it. Replacing it would be a MODIFY in the stream,
        which is not scored.
        """
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(transaction_id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _compare_items(existing_items: Iterable[Item], transaction: Transaction) -> WriteResult:
    expected = {"S": compute_fingerprint(transaction)}
    is_same = all(item.get("fingerprint") == expected for item in existing_items)
    return WriteResult.REPLAYED if is_same else WriteResult.ID_TAKEN


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
    """The item that reserves the ID. The pipe ignores items without an account."""
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
