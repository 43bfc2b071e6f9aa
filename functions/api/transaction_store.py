"""The transaction store: writes each transaction to DynamoDB together with the guard item of its ID."""

import time
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any

from functions.api.items import build_guard_item, build_transaction_item, compute_fingerprint
from functions.common.domain.transaction import Transaction
from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, write_items
from functions.common.runtime.clock import Sleep, back_off

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_PER_DAY = 86_400
_MAX_ATTEMPTS = 6


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
