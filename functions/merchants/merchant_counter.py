"""Counts the transactions of merchants and categories, from batches of the stream of `transactions`.

The record of a decision counts the transaction's new device. All other counts are from the inserted item.

Each merchant or category of a batch is written once, however many transactions it has. The item contains the
position of each shard up to which it is counted, so a batch that is delivered again, whole or in parts,
counts nothing twice. The position of a complete batch is written at its end.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from functions.common.domain.merchant_profile import count_in_merchant, count_new_device
from functions.common.dynamodb.client import (
    Item,
    RefusedWriteError,
    StoreBusyError,
    read_items,
    write_update,
)
from functions.common.dynamodb.profile_items import (
    RETENTION_SECONDS,
    AnyProfileRecord,
    build_update,
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.runtime.clock import Clock, Sleep, back_off
from functions.common.runtime.telemetry import Telemetry
from functions.merchants.shard_positions import ShardPositions
from functions.merchants.stream_batch import CountedRecord, read_batch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The limit of BatchGetItem.
_READ_SIZE = 100
# As many as botocore keeps connections.
_THREADS = 10
# Labels and other shards write the same item.
_MAX_ATTEMPTS = 20
# The item with the positions of complete batches, for all merchants.
_COMPLETE_KEY = profile_key("merchant#stream", "positions")

Task = Callable[[], Exception | None]
"""Returns the error that ended it, if any."""

RunAll = Callable[[Sequence[Task]], Iterable[Exception | None]]
"""Runs tasks and returns their results, in order."""


def run_in_threads(tasks: Sequence[Task]) -> list[Exception | None]:
    """Run the tasks in parallel."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


class _Counted(NamedTuple):
    """A merchant or category with its transactions in a batch."""

    kind: Literal["merchant", "category"]
    identifier: str
    records: Sequence[CountedRecord]

    @property
    def subject(self) -> str:
        return profile_subject(self.kind, self.identifier)

    def build_record(self, item: Item | None, records: Iterable[CountedRecord]) -> AnyProfileRecord:
        """The stored profile with these transactions added. A refund is not counted."""
        purchases = [record for record in records if not record.is_refund]
        if self.kind == "category":
            category = decode_category(self.identifier, item)
            for record in purchases:
                category.profile.half_days.add(record.timestamp)
            return category
        merchant = decode_merchant(self.identifier, item)
        for record in purchases:
            if record.is_decision:
                count_new_device(merchant.profile, record.timestamp)
            else:
                count_in_merchant(merchant.profile, record.timestamp, record.cents)
        return merchant


class MerchantCounter:
    """Writes the profiles of merchants and categories in the table `profiles`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        telemetry: Telemetry,
        clock: Clock,
        *,
        sleep: Sleep = time.sleep,
        run_all: RunAll = run_in_threads,
    ) -> None:
        self._client = client
        self._table = table
        self._telemetry = telemetry
        self._clock = clock
        self._sleep = sleep
        self._run_all = run_all

    def count_batch(self, event: object) -> None:
        """Count the batch in an event of the stream's event source mapping.

        After an error, Lambda delivers the batch again. Merchants that are already written are not counted
        again, and an error with one merchant does not keep the others of the batch from being counted. The
        same holds for categories.
        """
        batch = read_batch(event)
        if not batch.merchants:
            return
        counted = [_Counted("merchant", merchant, records) for merchant, records in batch.merchants.items()]
        counted += [_Counted("category", category, records) for category, records in batch.categories.items()]
        complete_item = self._read(_COMPLETE_KEY)
        complete = _decode_positions(complete_item)
        errors = [
            error
            for start in range(0, len(counted), _READ_SIZE)
            for error in self._count_all(batch.shard, complete, counted[start : start + _READ_SIZE])
        ]
        if errors:
            raise errors[0]
        records = [record for records in batch.merchants.values() for record in records]
        last = max(record.sequence for record in records)
        self._complete(batch.shard, last, complete_item)
        self._telemetry.info(
            "transactions of merchants counted",
            transactions=sum(not record.is_decision for record in records),
            merchants=len(batch.merchants),
        )

    def _count_all(
        self, shard: str, complete: ShardPositions, counted: Sequence[_Counted]
    ) -> list[Exception]:
        """Count up to 100 merchants and categories. Returns the errors."""
        keys = [profile_key(entry.subject) for entry in counted]
        # The condition of the write finds out whether an item is older than the last write.
        found = read_items(self._client, self._table, keys, consistent=False)
        items = {item["subject"]["S"]: item for item in found}
        tasks = [
            partial(self._try_count, shard, complete, entry, items.get(entry.subject)) for entry in counted
        ]
        return [error for error in self._run_all(tasks) if error is not None]

    def _try_count(
        self, shard: str, complete: ShardPositions, counted: _Counted, item: Item | None
    ) -> Exception | None:
        try:
            self._count(shard, complete, counted, item)
        except Exception as error:
            return error
        return None

    def _count(self, shard: str, complete: ShardPositions, counted: _Counted, item: Item | None) -> None:
        """Count the records after the shard's position. Raises StoreBusyError, ClientError and others."""
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            positions = _decode_positions(item)
            position = max(positions.find(shard), complete.find(shard))
            records = [record for record in counted.records if record.sequence > position]
            if not records:
                return
            profile = counted.build_record(item, records)
            now_ms = self._clock()
            positions.prune(complete, now_ms)
            positions.advance(shard, records[-1].sequence, now_ms)
            further = {"counted": {"B": positions.encode()}}
            try:
                write_update(self._client, build_update(self._table, profile, now_ms, further))
            except RefusedWriteError:
                item = self._read(profile_key(counted.subject))
            else:
                return
        raise StoreBusyError

    def _complete(self, shard: str, sequence: int, item: Item | None) -> None:
        """Store the position of a complete batch. `item`: the stored item. Raises StoreBusyError."""
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            positions, now_ms = _decode_positions(item), self._clock()
            positions.prune(ShardPositions(), now_ms)
            positions.advance(shard, sequence, now_ms)
            version = int(item["version"]["N"]) if item else 0
            try:
                write_update(self._client, self._build_complete_update(positions, version, now_ms))
            except RefusedWriteError:
                item = self._read(_COMPLETE_KEY)
            else:
                return
        raise StoreBusyError

    def _build_complete_update(self, positions: ShardPositions, version: int, now_ms: int) -> Item:
        return {
            "TableName": self._table,
            "Key": _COMPLETE_KEY,
            "UpdateExpression": "SET counted = :counted, #version = :next, expires_at = :expires",
            "ConditionExpression": "#version = :version" if version else "attribute_not_exists(#version)",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {
                ":counted": {"B": positions.encode()},
                ":next": {"N": str(version + 1)},
                ":expires": {"N": str(now_ms // 1000 + RETENTION_SECONDS)},
                **({":version": {"N": str(version)}} if version else {}),
            },
        }

    def _read(self, key: Item) -> Item | None:
        # The role of the function may use BatchGetItem only.
        return next(iter(read_items(self._client, self._table, [key])), None)


def _decode_positions(item: Item | None) -> ShardPositions:
    return ShardPositions(item["counted"]["B"] if item and "counted" in item else None)
