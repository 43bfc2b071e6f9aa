"""Labels in DynamoDB: on the item of their transaction, counted into its profiles in the same write."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from functions.common.domain.decision import FRAUD
from functions.common.domain.profiles import relabel
from functions.common.domain.transaction_event import from_attributes, key_of
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, read_one, write_all
from functions.common.runtime.clock import Sleep, pause
from functions.labels.label import Label
from functions.labels.store import Outcome, UnknownTransactionError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 20


class DynamoDbLabelStore:
    """The tables `transactions` and `profiles`."""

    def __init__(
        self, client: "DynamoDBClient", transactions: str, profiles: str, sleep: Sleep = time.sleep
    ) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._sleep = sleep

    def put(self, label: Label, now_ms: int) -> Outcome:
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause(attempt, self._sleep)
            item = read_one(self._client, self._transactions, key_of(label.transaction_id, label.timestamp))
            if item is None:
                raise UnknownTransactionError
            before = item["label"]["S"] if "label" in item else None
            if before == label.label:
                return Outcome.UNCHANGED
            try:
                write_all(self._client, list(self._writes(label, item, before, now_ms)))
            except RefusedWriteError:
                # A profile, or the label itself, was written since it was read.
                continue
            return Outcome.CHANGED if before else Outcome.STORED
        raise StoreBusyError

    def _writes(self, label: Label, item: Item, before: str | None, now_ms: int) -> Iterator[dict[str, Any]]:
        yield {"Update": self._set_label(label, item, before, now_ms)}
        change = (label.label == FRAUD) - (before == FRAUD)
        # What is not decided on yet is not counted yet: the fraud function will do both.
        if change and "decision" in item:
            yield from self._count(item, change, now_ms)

    def _set_label(self, label: Label, item: Item, before: str | None, now_ms: int) -> dict[str, Any]:
        as_read = [
            "attribute_exists(transaction_id)",
            "#label = :before" if before else "attribute_not_exists(#label)",
            f"{'attribute_exists' if 'decision' in item else 'attribute_not_exists'}(decision)",
        ]
        return {
            "TableName": self._transactions,
            "Key": key_of(label.transaction_id, label.timestamp),
            "UpdateExpression": "SET #label = :label, label_source = :source, reported_at = :reported,"
            " labelled_at = :now",
            "ConditionExpression": " AND ".join(as_read),
            "ExpressionAttributeNames": {"#label": "label"},
            "ExpressionAttributeValues": {
                ":label": {"S": label.label},
                ":source": {"S": label.source} if label.source else {"NULL": True},
                ":reported": {"N": str(label.reported_at or now_ms)},
                ":now": {"N": str(now_ms)},
                **({":before": {"S": before}} if before else {}),
            },
        }

    def _count(self, item: Item, change: int, now_ms: int) -> Iterator[dict[str, Any]]:
        transaction = from_attributes(item)
        account, merchant, _ = profile_items.read_profiles(self._client, self._profiles, transaction)
        relabel(account.profile, merchant.profile, transaction, change)
        yield {"Update": profile_items.update(self._profiles, account, now_ms)}
        yield {"Update": profile_items.update(self._profiles, merchant, now_ms)}
