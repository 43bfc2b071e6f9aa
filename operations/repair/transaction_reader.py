"""Reads undecided transactions from the table `transactions`, by a scan or by id."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.common.domain.transaction_event import EVENT_FIELDS
from operations.cost import prices
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]

MAX_SEGMENTS = 8
# A smaller segment costs a request and saves no time.
SEGMENT_BYTES = 32 * 1024 * 1024
# An eventually consistent scan takes half a read unit for 4 KB.
_BYTES_PER_UNIT = 8192

# Placeholders, because some field names are reserved words of DynamoDB.
_NAMES = {f"#{field}": field for field in EVENT_FIELDS}
_FIELDS = ", ".join([*_NAMES, "decision", "expires_at"])


@dataclass(frozen=True)
class Period:
    """A range of receipt times in epoch milliseconds, both ends included."""

    since_ms: int
    until_ms: int

    def contains(self, item: Item) -> bool:
        """Return whether the item was received in the period."""
        return self.since_ms <= int(item.get("received_at", {}).get("N", -1)) <= self.until_ms


@dataclass(frozen=True)
class TableSize:
    """The table's size from DescribeTable, which DynamoDB updates every six hours."""

    items: int
    bytes: int

    @property
    def scan_dollars(self) -> float:
        """The estimated price of one scan in US dollars."""
        return prices.TABLE_READ.cost(self.bytes / _BYTES_PER_UNIT)

    @property
    def segments(self) -> int:
        """The number of segments to scan in parallel."""
        return max(1, min(MAX_SEGMENTS, self.bytes // SEGMENT_BYTES))


class TransactionReader:
    """Reads the table of transactions. `clock` returns epoch milliseconds."""

    def __init__(self, client: "DynamoDBClient", name: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def read_size(self) -> TableSize:
        """Read the approximate size of the table. Raises UserError."""
        with translate_aws_errors():
            table = self._client.describe_table(TableName=self._name)["Table"]
        return TableSize(table.get("ItemCount", 0), table.get("TableSizeBytes", 0))

    def scan_undecided(
        self, period: Period, segments: int, progress: Callable[[int], None] = lambda _: None
    ) -> Iterator[Item]:
        """Yield the unexpired transactions of the period without a decision. Raises UserError.

        `progress` gets the number of items that were read.
        """
        count = 0
        scan = self._scan(period)
        parts = [{**scan, "Segment": segment, "TotalSegments": segments} for segment in range(segments)]
        for page in scan_pages(self._client, parts):
            count += page["ScannedCount"]
            progress(count)
            yield from page["Items"]

    def sample_undecided(self, period: Period, parts: int, part: int) -> Iterator[Item]:
        """Yield as `scan_undecided`, from one of `parts` equal parts of the table. Raises UserError."""
        scan = {**self._scan(period), "Segment": part, "TotalSegments": parts}
        for page in scan_pages(self._client, [scan]):
            yield from page["Items"]

    def find(self, transaction_id: str) -> Item | None:
        """Read the item of a transaction; None if it does not exist or is expired. Raises UserError."""
        with translate_aws_errors():
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

    def read_decided_ids(self, items: Iterable[Item]) -> set[str]:
        """Return the ids of those of up to 100 items that have a decision now. Raises UserError."""
        request: Any = {
            "Keys": [{name: item[name] for name in ("transaction_id", "timestamp")} for item in items],
            # Only the presence of the long attribute matters, but a projection has no condition.
            "ProjectionExpression": "transaction_id, decision",
            "ConsistentRead": True,
        }
        with translate_aws_errors():
            answer = self._client.batch_get_item(RequestItems={self._name: request})
        # The caller polls: unprocessed keys are read the next time.
        decided = answer["Responses"].get(self._name, [])
        return {item["transaction_id"]["S"] for item in decided if "decision" in item}

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


def scan_pages(client: "DynamoDBClient", requests: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the pages of all segments of a scan, one page of each in parallel, which limits memory.

    Raises UserError.
    """
    with ThreadPoolExecutor(len(requests)) as threads, translate_aws_errors():
        while requests:
            pages = list(threads.map(lambda request: client.scan(**request), requests))
            yield from pages
            requests = [
                {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}
                for request, page in zip(requests, pages, strict=True)
                if page.get("LastEvaluatedKey")
            ]
