import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.virtual_aws.database import THROTTLED_READS, Database, KeySchema
from benchmarks.virtual_aws.dynamodb_client import (
    READ_SECONDS,
    TRANSACTION_SECONDS,
    WRITE_SECONDS,
    DynamoDbClient,
)
from benchmarks.virtual_aws.virtual_time import VirtualTime

KEY = {"name": {"S": "a"}}


class Setting:
    """A client of a database with the table `counters`, whose item `a` has the count 1."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.database = Database({"counters": KeySchema("name")}, lambda: self.time.now)
        self.database.put("counters", {**KEY, "count": {"N": "1"}})
        self.client = DynamoDbClient(self.database, self.time, random.Random(1))  # noqa: S311
        self.counts: list[str] = []

    def measure(self, call: Callable[[], object]) -> float:
        """The virtual seconds of a call."""
        started_at = self.time.now
        self.start(call)
        self.time.run()
        return self.time.now - started_at

    def start(self, call: Callable[[], object], after: float = 0.0) -> None:
        def task() -> None:
            call()

        self.time.call_later(after, lambda: self.time.start(task))

    def read_count(self) -> None:
        """Read the count of the item `a` and add it to `counts`."""
        self.counts.append(self.client.get_item(TableName="counters", Key=KEY)["Item"]["count"]["N"])

    def exhaust_reads(self) -> None:
        """Use the read units of the item `a`, which needs 96 units for another read."""
        self.database.put("counters", {**KEY, "count": {"N": "1"}, "text": {"S": "x" * 390_000}})
        for _ in range(31):
            self.database.read("counters", KEY)


@pytest.fixture
def setting() -> Iterator[Setting]:
    setting = Setting()
    yield setting
    setting.time.close()


def set_count(count: int) -> dict[str, Any]:
    return {
        "TableName": "counters",
        "Key": KEY,
        "UpdateExpression": "SET #count = :count",
        "ExpressionAttributeNames": {"#count": "count"},
        "ExpressionAttributeValues": {":count": {"N": str(count)}},
    }


def test_calls_take_their_latencies(setting: Setting) -> None:
    client = setting.client
    read = setting.measure(lambda: client.get_item(TableName="counters", Key=KEY))
    batch = setting.measure(lambda: client.batch_get_item(RequestItems={"counters": {"Keys": [KEY]}}))
    write = setting.measure(lambda: client.update_item(**set_count(2)))
    transaction = setting.measure(
        lambda: client.transact_write_items(TransactItems=[{"Update": set_count(3)}])
    )
    for seconds, (low, high) in (
        (read, READ_SECONDS),
        (batch, READ_SECONDS),
        (write, WRITE_SECONDS),
        (transaction, TRANSACTION_SECONDS),
    ):
        assert low <= seconds <= high


def test_transaction_conflicts_with_one_that_started_during_its_latency(setting: Setting) -> None:
    results: list[str] = []

    def write(count: int) -> None:
        try:
            setting.client.transact_write_items(TransactItems=[{"Update": set_count(count)}])
        except ClientError as error:
            results.append(error.response["Error"]["Code"])
        else:
            results.append("stored")

    setting.start(lambda: write(2))
    setting.start(lambda: write(3), after=0.005)
    setting.start(lambda: write(4), after=0.025)
    setting.time.run()
    assert sorted(results) == ["TransactionCanceledException", "stored", "stored"]
    assert setting.database.get("counters", KEY) == {**KEY, "count": {"N": "4"}}


def test_read_during_a_transaction_returns_the_item_before_it(setting: Setting) -> None:
    setting.start(lambda: setting.client.transact_write_items(TransactItems=[{"Update": set_count(2)}]))
    setting.start(setting.read_count)
    setting.start(setting.read_count, after=0.021)
    setting.time.run()
    assert setting.counts == ["1", "2"]


def test_failed_write_raises_after_its_latency(setting: Setting) -> None:
    failed_at: list[float] = []
    condition = {**set_count(2), "ConditionExpression": "attribute_not_exists(#count)"}

    def write() -> None:
        with pytest.raises(ClientError):
            setting.client.update_item(**condition)
        failed_at.append(setting.time.now)

    setting.start(write)
    setting.time.run()
    assert failed_at[0] >= WRITE_SECONDS[0]


def test_batch_leaves_throttled_keys_unprocessed(setting: Setting) -> None:
    setting.exhaust_reads()
    responses: list[dict[str, Any]] = []
    request = {"counters": {"Keys": [KEY, {"name": {"S": "b"}}], "ConsistentRead": True}}
    setting.start(lambda: responses.append(setting.client.batch_get_item(RequestItems=request)))
    setting.time.run()
    assert responses[0]["UnprocessedKeys"] == {"counters": {"Keys": [KEY], "ConsistentRead": True}}


def test_throttled_call_is_repeated_as_the_sdk_does(setting: Setting) -> None:
    setting.exhaust_reads()
    setting.start(setting.read_count)
    setting.time.run()
    assert setting.counts == ["1"]
    assert setting.database.counts[THROTTLED_READS] > 0
