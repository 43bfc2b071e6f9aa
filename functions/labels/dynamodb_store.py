"""Labels in DynamoDB: on the item of their transaction, counted into its profiles in the same write."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from functions.common import profile_items, profile_table
from functions.common.dynamodb import Item, RefusedWriteError, StoreBusyError, read_one, write_all
from functions.common.event import from_attributes
from functions.common.profiles import relabel
from functions.common.retrying import Sleep, pause
from functions.labels.label import Label
from functions.labels.store import Outcome, UnknownTransactionError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 8
_FRAUD = "fraud"


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
            item = read_one(self._client, self._transactions, _key(label))
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
        reported_at = label.reported_at or now_ms
        yield {"Update": self._set_label(label, before, reported_at, now_ms)}
        change = (label.label == _FRAUD) - (before == _FRAUD)
        if change:
            # What is taken back was counted at the time that was given then.
            counted_at = reported_at if change > 0 else int(item["reported_at"]["N"])
            yield from self._count(item, change, counted_at, now_ms)

    def _set_label(self, label: Label, before: str | None, reported_at: int, now_ms: int) -> dict[str, Any]:
        as_read = "#label = :before" if before else "attribute_not_exists(#label)"
        return {
            "TableName": self._transactions,
            "Key": _key(label),
            "UpdateExpression": "SET #label = :label, label_source = :source, reported_at = :reported,"
            " labelled_at = :now",
            # Without the first condition, the write would bring back an item that has expired.
            "ConditionExpression": f"attribute_exists(transaction_id) AND {as_read}",
            "ExpressionAttributeNames": {"#label": "label"},
            "ExpressionAttributeValues": {
                ":label": {"S": label.label},
                ":source": {"S": label.source} if label.source else {"NULL": True},
                ":reported": {"N": str(reported_at)},
                ":now": {"N": str(now_ms)},
                **({":before": {"S": before}} if before else {}),
            },
        }

    def _count(self, item: Item, change: int, reported_at: int, now_ms: int) -> Iterator[dict[str, Any]]:
        transaction = from_attributes(item)
        account, merchant, _ = profile_table.read(self._client, self._profiles, transaction)
        relabel(account.profile, merchant.profile, transaction, change, reported_at)
        for kept in (account, merchant):
            yield {"Update": profile_items.update(self._profiles, kept, now_ms)}


def _key(label: Label) -> dict[str, Any]:
    return {"transaction_id": {"S": label.transaction_id}, "timestamp": {"N": str(label.timestamp)}}
