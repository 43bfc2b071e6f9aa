"""A DynamoDB client with latencies in virtual time."""

import random
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from benchmarks.virtual_aws.database import THROTTLED, Database
from benchmarks.virtual_aws.expressions import Item
from benchmarks.virtual_aws.virtual_time import VirtualTime

READ_SECONDS = (0.008, 0.012)
WRITE_SECONDS = (0.005, 0.010)
TRANSACTION_SECONDS = (0.010, 0.020)
# The configuration of `functions/common/runtime/aws_clients.py`. A cancelled transaction is not repeated.
_SDK_ATTEMPTS = 3

T = TypeVar("T")


class DynamoDbClient:
    """The operations of botocore's client that functions use. `chance` draws latencies.

    A read or a plain write takes effect in the middle of its latency. A transaction holds its items for all
    of its latency.
    """

    def __init__(self, database: Database, time: VirtualTime, chance: random.Random) -> None:
        self._database = database
        self._time = time
        self._chance = chance

    def get_item(self, *, TableName: str, Key: Item, **_: object) -> Item:  # noqa: N803
        """Read an item consistently."""
        item = self._repeat(lambda: self._call(READ_SECONDS, lambda: self._database.read(TableName, Key)))
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Item:  # noqa: N803
        """Read items. Keys that are throttled are left unprocessed."""
        return self._repeat(lambda: self._call(READ_SECONDS, lambda: self._read_batch(RequestItems)))

    def put_item(self, **fields: Any) -> Item:
        """Store an item, with a condition or without."""
        return self._write("Put", fields)

    def update_item(self, **fields: Any) -> Item:
        """Update an item, with a condition or without."""
        return self._write("Update", fields)

    def delete_item(self, **fields: Any) -> Item:
        """Delete an item, with a condition or without."""
        return self._write("Delete", fields)

    def transact_write_items(self, *, TransactItems: list[Item], **_: object) -> Item:  # noqa: N803
        """Perform all writes or none."""
        seconds = self._chance.uniform(*TRANSACTION_SECONDS)
        try:
            writes = self._database.begin(TransactItems)
        except ClientError:
            self._time.sleep(seconds)
            raise
        self._time.call_later(seconds, lambda: self._database.commit(writes))
        self._time.sleep(seconds)
        return {}

    def _write(self, kind: str, fields: Item) -> Item:
        return self._repeat(lambda: self._call(WRITE_SECONDS, lambda: self._database.write(kind, fields)))

    def _read_batch(self, request: dict[str, Any]) -> Item:
        responses: dict[str, list[Item]] = {}
        unprocessed: dict[str, Any] = {}
        for table, fields in request.items():
            for key in fields["Keys"]:
                try:
                    item = self._database.read(table, key, consistent=fields.get("ConsistentRead", False))
                except ClientError:
                    unprocessed.setdefault(table, {**fields, "Keys": []})["Keys"].append(key)
                else:
                    responses.setdefault(table, []).extend([item] if item else [])
        if not responses:
            raise ClientError({"Error": {"Code": THROTTLED}}, "BatchGetItem")
        return {"Responses": responses, "UnprocessedKeys": unprocessed}

    def _call(self, latency: tuple[float, float], operation: Callable[[], T]) -> T:
        """Wait for the latency. The operation takes effect in the middle of it."""
        seconds = self._chance.uniform(*latency)
        results: list[T] = []
        errors: list[ClientError] = []

        def take_effect() -> None:
            try:
                results.append(operation())
            except ClientError as error:
                errors.append(error)

        self._time.call_later(seconds / 2, take_effect)
        self._time.sleep(seconds)
        if errors:
            raise errors[0]
        return results[0]

    def _repeat(self, call: Callable[[], T]) -> T:
        """Repeat a throttled call with the back-off of botocore's standard mode."""
        for attempt in range(1, _SDK_ATTEMPTS):
            try:
                return call()
            except ClientError as error:
                if error.response["Error"]["Code"] != THROTTLED:
                    raise
                self._time.sleep(self._chance.random() * 2 ** (attempt - 1))
        return call()
