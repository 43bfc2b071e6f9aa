"""Scans the table of transactions for the decisions since a time."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from functions.common.domain.decision import CandidateDecision
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DecisionSummary(Struct, frozen=True):
    """The fields of a decision that a comparison needs. Decoding all fields would dominate the scan."""

    score: float
    suspicious: bool
    shadow_rules: tuple[str, ...] = ()
    candidate: CandidateDecision | None = None


class RecordedDecision(Struct, frozen=True):
    """The decision on a transaction, and its label if it has one."""

    transaction_id: str
    decision: DecisionSummary
    label: str | None


def scan_decisions(
    client: "DynamoDBClient",
    table: str,
    since_ms: int,
    progress: Callable[[int], None],
    unreadable: Callable[[str], None],
) -> Iterator[RecordedDecision]:
    """Yield the decisions on transactions received since `since_ms`, unordered. Raises UserError.

    `progress` gets the number of items read, `unreadable` the id of each decision that cannot be decoded.
    """
    scan: dict[str, Any] = {
        "TableName": table,
        "ProjectionExpression": "transaction_id, decision, #label",
        "FilterExpression": "attribute_exists(decision) AND received_at >= :since",
        "ExpressionAttributeNames": {"#label": "label"},
        "ExpressionAttributeValues": {":since": {"N": str(since_ms)}},
    }
    count = 0
    while True:
        with translate_aws_errors():
            page = client.scan(**scan)
        for item in page["Items"]:
            decision = _decode_decision(item)
            if decision is None:
                unreadable(item["transaction_id"]["S"])
            else:
                yield decision
        count += page["ScannedCount"]
        progress(count)
        if not (last := page.get("LastEvaluatedKey")):
            return
        scan["ExclusiveStartKey"] = last


def _decode_decision(item: Mapping[str, Any]) -> RecordedDecision | None:
    try:
        decision = msgspec.json.decode(item["decision"]["S"], type=DecisionSummary)
    except msgspec.DecodeError:
        return None
    return RecordedDecision(item["transaction_id"]["S"], decision, item.get("label", {}).get("S"))
