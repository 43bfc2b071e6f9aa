"""Transactions in DynamoDB: each is written with a guard item for its id, both or neither."""

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # botocore's name

from functions.api.items import Item, fingerprint, guard_item, transaction_item
from functions.api.store import Outcome, StoreBusyError
from functions.common.transaction import Transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_PER_DAY = 86_400
_ATTEMPTS = 6
_PAUSE_SECONDS = 0.01
# Another write to the same id is under way; who of us came first is known a moment later.
_CONFLICTS = frozenset(
    {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}
)
_OVERLOADED = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
    }
)


class DynamoDbStore:
    """The table; `retention_days` after a transaction is received, the table's TTL removes it."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        retention_days: int,
        sleep: Callable[[float], None] = time.sleep,
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
                self._pause(attempt)
            try:
                self._client.transact_write_items(TransactItems=[self._put(guard), self._put(item)])
            except ClientError as error:
                outcome = _outcome_of_refusal(error, transaction)
                if outcome:
                    return outcome
            except (ConnectionError, HTTPClientError) as error:
                raise StoreBusyError from error
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

    def _pause(self, attempt: int) -> None:
        # Jitter, so that those in conflict do not meet again.
        self._sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311  # no secret


def _outcome_of_refusal(error: ClientError, transaction: Transaction) -> Outcome | None:
    """What a refused write means; None if it is worth another attempt. Raises StoreBusyError or `error`."""
    response: Mapping[str, Any] = error.response
    reasons = response.get("CancellationReasons", [])
    held = [reason.get("Item", {}) for reason in reasons if reason.get("Code") == "ConditionalCheckFailed"]
    if held:
        ours = {"S": fingerprint(transaction)}
        same = all(item.get("fingerprint") == ours for item in held)
        return Outcome.REPLAYED if same else Outcome.ID_TAKEN
    codes = {response.get("Error", {}).get("Code"), *(reason.get("Code") for reason in reasons)}
    if codes & _CONFLICTS:
        return None
    if codes & _OVERLOADED:
        raise StoreBusyError from error
    raise error
