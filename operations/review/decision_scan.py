"""Reads all that was decided in a period from the table of transactions, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from functions.common.domain.decision import CandidateDecision
from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Outcome(Struct, frozen=True):
    """Of a decision's record, what a comparison needs: reading the rest would take most of the time."""

    score: float
    suspicious: bool
    shadow_rules: tuple[str, ...] = ()
    candidate: CandidateDecision | None = None


class Recorded(Struct, frozen=True):
    """A decided transaction, and what it turned out to be if that is known."""

    transaction_id: str
    decision: Outcome
    label: str | None


def read(
    client: "DynamoDBClient",
    table: str,
    since_ms: int,
    progress: Callable[[int], None],
    unreadable: Callable[[str], None],
) -> Iterator[Recorded]:
    """What was decided of transactions that were received since then, in no order.

    `progress` is told of how many items were read, `unreadable` of the ids of decisions that this code cannot
    read. Raises UserError.
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
        with told_to_users():
            page = client.scan(**scan)
        for item in page["Items"]:
            recorded = _recorded(item)
            if recorded is None:
                unreadable(item["transaction_id"]["S"])
            else:
                yield recorded
        count += page["ScannedCount"]
        progress(count)
        if not (last := page.get("LastEvaluatedKey")):
            return
        scan["ExclusiveStartKey"] = last


def _recorded(item: Mapping[str, Any]) -> Recorded | None:
    try:
        decision = msgspec.json.decode(item["decision"]["S"], type=Outcome)
    except msgspec.DecodeError:
        return None
    return Recorded(item["transaction_id"]["S"], decision, item.get("label", {}).get("S"))
