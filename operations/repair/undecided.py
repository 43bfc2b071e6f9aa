"""Finds transactions in the table that have no decision: by a scan, or by their ids."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.common.domain.transaction_event import EVENT_FIELDS
from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]

MAX_SEGMENTS = 8
# Below this, further segments cost a request each and save nothing.
SEGMENT_BYTES = 32 * 1024 * 1024
# An eventually consistent scan takes half a read unit for each 4 KB. us-east-1, on demand.
# https://aws.amazon.com/dynamodb/pricing/on-demand/
_BYTES_PER_UNIT = 8192
_DOLLARS_PER_UNIT = 0.125 / 1_000_000

# Names, because some of the fields are reserved words of DynamoDB's.
_NAMES = {f"#{field}": field for field in EVENT_FIELDS}
_FIELDS = ", ".join([*_NAMES, "decision", "expires_at"])


@dataclass(frozen=True)
class Period:
    """When transactions were received: epoch milliseconds, both ends included."""

    since_ms: int
    until_ms: int

    def has(self, item: Item) -> bool:
        """Whether the item was received in it."""
        return self.since_ms <= int(item.get("received_at", {}).get("N", -1)) <= self.until_ms


@dataclass(frozen=True)
class TableSize:
    """The table's size as DescribeTable gives it; DynamoDB updates it every six hours."""

    items: int
    bytes: int

    @property
    def scan_dollars(self) -> float:
        """The estimated price of one scan."""
        return self.bytes / _BYTES_PER_UNIT * _DOLLARS_PER_UNIT

    @property
    def segments(self) -> int:
        """How many parts of the table to scan at the same time."""
        return max(1, min(MAX_SEGMENTS, self.bytes // SEGMENT_BYTES))


class TransactionTable:
    """The table of transactions. `clock` gives epoch milliseconds."""

    def __init__(self, client: "DynamoDBClient", name: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def size(self) -> TableSize:
        """Raises UserError."""
        with told_to_users():
            table = self._client.describe_table(TableName=self._name)["Table"]
        return TableSize(table.get("ItemCount", 0), table.get("TableSizeBytes", 0))

    def undecided(
        self, period: Period, segments: int, progress: Callable[[int], None] = lambda _: None
    ) -> Iterator[Item]:
        """Scan for transactions of the period without a decision, expired ones left out. Raises UserError.

        `progress` gets the number of items that were looked at.
        """
        looked_at = 0
        scan = self._scan(period)
        for page in self._pages(
            [{**scan, "Segment": segment, "TotalSegments": segments} for segment in range(segments)]
        ):
            looked_at += page["ScannedCount"]
            progress(looked_at)
            yield from page["Items"]

    def sample_undecided(self, period: Period, parts: int, part: int) -> Iterator[Item]:
        """As `undecided`, of one of `parts` equal parts of the table. Raises UserError."""
        for page in self._pages([{**self._scan(period), "Segment": part, "TotalSegments": parts}]):
            yield from page["Items"]

    def find(self, transaction_id: str) -> Item | None:
        """The item of a transaction; None if there is none or it expired. Raises UserError."""
        with told_to_users():
            items = self._client.query(
                TableName=self._name,
                # Timestamp 0 is the guard item of the id.
                KeyConditionExpression="transaction_id = :id AND #timestamp > :guard",
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues={":id": {"S": transaction_id}, ":guard": {"N": "0"}},
                ProjectionExpression=_FIELDS,
                ConsistentRead=True,
            )["Items"]
        now_seconds = self._clock() // 1000
        live = [
            item for item in items if int(item.get("expires_at", {}).get("N", now_seconds + 1)) > now_seconds
        ]
        return live[0] if live else None

    def decided(self, items: Iterable[Item]) -> set[str]:
        """The ids of up to 100 items that have a decision now. Raises UserError."""
        request: Any = {
            "Keys": [{name: item[name] for name in ("transaction_id", "timestamp")} for item in items],
            # The attribute is long; its presence is all that counts, but a projection cannot say so.
            "ProjectionExpression": "transaction_id, decision",
            "ConsistentRead": True,
        }
        with told_to_users():
            answer = self._client.batch_get_item(RequestItems={self._name: request})
        # Keys that DynamoDB did not process are asked for again by the caller's next look.
        found = answer["Responses"].get(self._name, [])
        return {item["transaction_id"]["S"] for item in found if "decision" in item}

    def _scan(self, period: Period) -> dict[str, Any]:
        return {
            "TableName": self._name,
            "ProjectionExpression": _FIELDS,
            "FilterExpression": "attribute_not_exists(decision) AND attribute_exists(account_id)"
            " AND #received_at BETWEEN :since AND :until"
            " AND (attribute_not_exists(expires_at) OR expires_at > :now)",
            "ExpressionAttributeNames": _NAMES,
            "ExpressionAttributeValues": {
                ":since": {"N": str(period.since_ms)},
                ":until": {"N": str(period.until_ms)},
                ":now": {"N": str(self._clock() // 1000)},
            },
        }

    def _pages(self, requests: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The pages of all segments: one of each at the same time, so that memory has a bound."""
        with ThreadPoolExecutor(len(requests)) as threads, told_to_users():
            while requests:
                pages = list(threads.map(lambda request: self._client.scan(**request), requests))
                yield from pages
                requests = [
                    {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}
                    for request, page in zip(requests, pages, strict=True)
                    if page.get("LastEvaluatedKey")
                ]
