"""The label store: writes a label to its transaction's item and counts it into the profiles, in one write."""

import time
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from functions.common.domain.account_profile import has_unusual_amount
from functions.common.domain.decision import FRAUD
from functions.common.domain.profiles import count_fraud, revert_fraud
from functions.common.domain.transaction_event import GUARD_TIMESTAMP, decode_transaction, transaction_key
from functions.common.dynamodb.client import (
    Item,
    RefusedWriteError,
    StoreBusyError,
    TransactionNotFoundError,
    read_item,
    write_items,
)
from functions.common.dynamodb.profile_items import build_update, read_profiles
from functions.common.runtime.clock import Sleep, back_off
from functions.labels.label import Label

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MAX_ATTEMPTS = 20


class LabelWriteResult(Enum):
    """The result of storing a label. The values are statuses of the API."""

    STORED = "stored"
    CHANGED = "changed"
    """The transaction had a different label. The profiles are updated."""
    UNCHANGED = "unchanged"
    """The transaction already has this label. Nothing was written."""


class LabelStore:
    """Writes to the tables `transactions` and `profiles`."""

    def __init__(
        self, client: "DynamoDBClient", transactions: str, profiles: str, sleep: Sleep = time.sleep
    ) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._sleep = sleep

    def find_timestamp(self, transaction_id: str) -> int:
        """The timestamp of a transaction, from the guard item of its ID.

        Raises TransactionNotFoundError, or StoreBusyError if a later attempt can succeed.
        """
        guard = read_item(self._client, self._transactions, transaction_key(transaction_id, GUARD_TIMESTAMP))
        if guard is None:
            raise TransactionNotFoundError
        return int(guard["claimed_timestamp"]["N"])

    def put(self, label: Label, timestamp: int, now_ms: int) -> LabelWriteResult:
        """Store the label of the transaction with this timestamp and count it into the profiles, or neither.

        Raises TransactionNotFoundError, or StoreBusyError if a later attempt can succeed.
        """
        key = transaction_key(label.transaction_id, timestamp)
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            item = read_item(self._client, self._transactions, key)
            if item is None:
                raise TransactionNotFoundError
            previous = item["label"]["S"] if "label" in item else None
            if previous == label.label:
                return LabelWriteResult.UNCHANGED
            try:
                write_items(self._client, list(self._build_writes(label, item, previous, now_ms)))
            except RefusedWriteError:
                # A profile, or the label itself, changed since it was read.
                continue
            return LabelWriteResult.CHANGED if previous else LabelWriteResult.STORED
        raise StoreBusyError

    def _build_writes(
        self, label: Label, item: Item, previous: str | None, now_ms: int
    ) -> Iterator[dict[str, Any]]:
        change = (label.label == FRAUD) - (previous == FRAUD)
        # The profiles do not contain an undecided transaction yet. The fraud function counts the label later.
        if not change or "decision" not in item:
            yield {"Update": self._build_label_update(label, item, previous, now_ms)}
            return
        transaction = decode_transaction(item)
        account, merchant, category = read_profiles(self._client, self._profiles, transaction)
        category_profile = None if category is None else category.profile
        counted = account.profile, merchant.profile, transaction, category_profile
        is_unusual: bool | None = None
        if change > 0:
            is_unusual = count_fraud(*counted)
        else:
            # An older version stored no such attribute with the label.
            unusual_amount: dict[str, bool] = item.get("unusual_amount", {})
            was_unusual = unusual_amount.get("BOOL", has_unusual_amount(account.profile, transaction))
            revert_fraud(*counted, was_unusual=was_unusual)
        yield {"Update": self._build_label_update(label, item, previous, now_ms, is_unusual)}
        for record in (account, merchant, category):
            if record is not None:
                yield {"Update": build_update(self._profiles, record, now_ms)}

    def _build_label_update(
        self, label: Label, item: Item, previous: str | None, now_ms: int, is_unusual: bool | None = None
    ) -> dict[str, Any]:
        """The update of the transaction. `is_unusual`: whether the amount of a counted fraud is unusual."""
        conditions = [
            "attribute_exists(transaction_id)",
            "#label = :before" if previous else "attribute_not_exists(#label)",
            f"{'attribute_exists' if 'decision' in item else 'attribute_not_exists'}(decision)",
        ]
        attributes: dict[str, Any] = {
            "label": {"S": label.label},
            "label_source": {"S": label.source} if label.source else {"NULL": True},
            "reported_at": {"N": str(now_ms if label.reported_at is None else label.reported_at)},
            "labelled_at": {"N": str(now_ms)},
            **({"unusual_amount": {"BOOL": is_unusual}} if is_unusual is not None else {}),
        }
        return {
            "TableName": self._transactions,
            "Key": {name: item[name] for name in ("transaction_id", "timestamp")},
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in attributes)}",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in attributes.items()},
                **({":before": {"S": previous}} if previous else {}),
            },
        }
