"""Transactions in DynamoDB: each is written with a guard item for its id, both or neither."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from functions.api.items import fingerprint, guard_item, transaction_item
from functions.api.store import Outcome
from functions.common.domain.transaction import Transaction
from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, write_all
from functions.common.runtime.clock import Sleep, pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_PER_DAY = 86_400
_ATTEMPTS = 6


class DynamoDbStore:
    """The table; `retention_days` after a transaction is received, the table's TTL removes it."""

    def __init__(
        self, client: "DynamoDBClient", table_name: str, retention_days: int, sleep: Sleep = time.sleep
    ) -> None:
        self._client = client
        self._table = table_name
        self._retention_seconds = retention_days * _SECONDS_PER_DAY
        self._sleep = sleep

    def add(self, transaction: Transaction, received_at: int) -> Outcome:
        expires_at = received_at // 1000 + self._retention_seconds
        guard = guard_item(transaction, expires_at)
        item = transaction_item(transaction, received_at, expires_at)
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause(attempt, self._sleep)
            try:
                write_all(self._client, [self._put(guard), self._put(item)])
            except RefusedWriteError as refused:
                if refused.held:
                    return _outcome_of(refused.held.values(), transaction)
            else:
                return Outcome.STORED
        raise StoreBusyError

    def _put(self, item: Item) -> Any:
        """A write that must not replace anything.

        An expired item counts until the TTL has removed it: to replace it is a MODIFY, which nobody scores.
        """
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(transaction_id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _outcome_of(held: Iterable[Item], transaction: Transaction) -> Outcome:
    ours = {"S": fingerprint(transaction)}
    same = all(item.get("fingerprint") == ours for item in held)
    return Outcome.REPLAYED if same else Outcome.ID_TAKEN
