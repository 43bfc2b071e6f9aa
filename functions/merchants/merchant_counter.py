"""Counts the transactions of merchants, from batches of the stream of the table `transactions`.

Each merchant of a batch is written once, however many transactions it has. The item contains the position of
each shard up to which it is counted, so a batch that is delivered again, whole or in parts, counts nothing
twice. The position of a complete batch is written at its end.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from functions.common.domain.merchant_profile import count_in_merchant
from functions.common.dynamodb.client import (
    Item,
    RefusedWriteError,
    StoreBusyError,
    read_items,
    write_update,
)
from functions.common.dynamodb.profile_items import (
    RETENTION_SECONDS,
    build_update,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.runtime.clock import Clock, Sleep, back_off
from functions.common.runtime.telemetry import Telemetry
from functions.merchants.shard_positions import ShardPositions
from functions.merchants.stream_batch import CountedRecord, StreamBatch, read_batch

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


class _Merchant(NamedTuple):
    """A merchant with its transactions in a batch."""

    merchant_id: str
    key: Item
    records: Sequence[CountedRecord]


class MerchantCounter:
    """Writes the profiles of merchants in the table `profiles`."""

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
        again, and an error with one merchant does not keep the others of the batch from being counted.
        """
        batch = read_batch(event)
        merchants = [
            _Merchant(merchant_id, profile_key(profile_subject("merchant", merchant_id)), records)
            for merchant_id, records in batch.merchants.items()
        ]
        if not merchants:
            return
        complete_item = self._read(_COMPLETE_KEY)
        complete = _decode_positions(complete_item)
        errors = [
            error
            for start in range(0, len(merchants), _READ_SIZE)
            for error in self._count_merchants(batch, complete, merchants[start : start + _READ_SIZE])
        ]
        if errors:
            raise errors[0]
        last = max(records[-1].sequence for records in batch.merchants.values())
        self._complete(batch.shard, last, complete_item)
        self._telemetry.info(
            "transactions of merchants counted",
            transactions=sum(len(merchant.records) for merchant in merchants),
            merchants=len(merchants),
        )

    def _count_merchants(
        self, batch: StreamBatch, complete: ShardPositions, merchants: Sequence[_Merchant]
    ) -> list[Exception]:
        """Count up to 100 merchants. Returns the errors."""
        keys = [merchant.key for merchant in merchants]
        # The condition of the write finds out whether an item is older than the last write.
        found = read_items(self._client, self._table, keys, consistent=False)
        items = {item["subject"]["S"]: item for item in found}
        tasks = [
            partial(self._try_count, batch.shard, complete, merchant, items.get(merchant.key["subject"]["S"]))
            for merchant in merchants
        ]
        return [error for error in self._run_all(tasks) if error is not None]

    def _try_count(
        self, shard: str, complete: ShardPositions, merchant: _Merchant, item: Item | None
    ) -> Exception | None:
        try:
            self._count(shard, complete, merchant, item)
        except Exception as error:
            return error
        return None

    def _count(self, shard: str, complete: ShardPositions, merchant: _Merchant, item: Item | None) -> None:
        """Count the records after the shard's position. Raises StoreBusyError, ClientError and others."""
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            positions = _decode_positions(item)
            position = max(positions.find(shard), complete.find(shard))
            records = [record for record in merchant.records if record.sequence > position]
            if not records:
                return
            profile = decode_merchant(merchant.merchant_id, item)
            for record in records:
                if not record.is_refund:
                    count_in_merchant(profile.profile, record.timestamp, record.cents)
            now_ms = self._clock()
            positions.prune(complete, now_ms)
            positions.advance(shard, records[-1].sequence, now_ms)
            counted = {"counted": {"B": positions.encode()}}
            try:
                write_update(self._client, build_update(self._table, profile, now_ms, counted))
            except RefusedWriteError:
                item = self._read(merchant.key)
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
