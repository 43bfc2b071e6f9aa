"""Items of suspicious decisions in the table `profiles`, in the partition of the account.

The fraud function writes the item in the transaction that records the decision, so that the list is complete.
The sort key orders the items by alert window and time. A decision without an alert has its own time instead.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.dynamodb.client import query_items
from functions.common.dynamodb.profile_items import profile_key, profile_subject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The default retention of transactions. Without its transaction, an entry has no use.
RETENTION_SECONDS = 90 * 86_400
_PREFIX = "suspicious#"
# Sorts after the digits of every time.
_LAST = "~"


def build_suspicious_update(
    table: str, account_id: str, entry: SuspiciousDecision, retention_seconds: int = RETENTION_SECONDS
) -> dict[str, Any]:
    """The update that adds a suspicious decision to the account's list."""
    started_at = entry.window_started_at or entry.decided_at
    part = f"{_PREFIX}{started_at:013}#{entry.decided_at:013}#{entry.transaction_id}"
    return {
        "TableName": table,
        "Key": profile_key(profile_subject("account", account_id), part),
        "UpdateExpression": "SET decision = :decision, expires_at = :expires",
        "ExpressionAttributeValues": {
            ":decision": {"S": msgspec.json.encode(entry).decode()},
            ":expires": {"N": str(entry.decided_at // 1000 + retention_seconds)},
        },
    }


def read_window(
    client: "DynamoDBClient", table: str, account_id: str, started_at: int, limit: int
) -> list[SuspiciousDecision]:
    """The first `limit` decisions of the alert window that started at this time, in their order.

    Raises StoreBusyError or ClientError.
    """
    window = f"{_PREFIX}{started_at:013}#"
    return list(_query(client, table, account_id, (window, window + _LAST), limit))


def read_since(
    client: "DynamoDBClient", table: str, account_id: str, since_ms: int
) -> Iterator[SuspiciousDecision]:
    """The decisions in alert windows that started since this time, in their order.

    Raises StoreBusyError or ClientError.
    """
    return _query(client, table, account_id, (f"{_PREFIX}{since_ms:013}", _PREFIX + _LAST))


def _query(
    client: "DynamoDBClient", table: str, account_id: str, parts: tuple[str, str], limit: int | None = None
) -> Iterator[SuspiciousDecision]:
    subject, (first, last) = profile_subject("account", account_id), parts
    for item in query_items(
        client,
        table,
        condition="subject = :subject AND part BETWEEN :first AND :last",
        values={":subject": {"S": subject}, ":first": {"S": first}, ":last": {"S": last}},
        limit=limit,
    ):
        yield msgspec.json.decode(item["decision"]["S"], type=SuspiciousDecision)
