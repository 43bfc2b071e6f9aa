from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.virtual_aws.stream_consumer import REPEATED_BATCHES, StreamConsumer
from benchmarks.virtual_aws.virtual_time import VirtualTime


@pytest.fixture
def time() -> Iterator[VirtualTime]:
    time = VirtualTime()
    yield time
    time.close()


class Function:
    """Takes a second for each batch. Fails `failures` times. `batches` has the time and the keys of each."""

    def __init__(self, time: VirtualTime, failures: int = 0) -> None:
        self.time = time
        self.failures = failures
        self.batches: list[tuple[float, list[str]]] = []

    def handle(self, event: dict[str, Any]) -> None:
        keys = [record["dynamodb"]["NewImage"]["transaction_id"]["S"] for record in event["Records"]]
        self.batches.append((self.time.now, keys))
        self.time.sleep(1.0)
        if len(self.batches) <= self.failures:
            raise RuntimeError("unhealthy")


def item(key: str) -> dict[str, Any]:
    return {"transaction_id": {"S": key}}


def test_items_of_a_window_are_one_batch_and_the_next_batch_follows_it(time: VirtualTime) -> None:
    function = Function(time)
    consumer = StreamConsumer(time, function.handle, shards=1, window_seconds=5.0)
    for seconds, key in [(0.0, "a"), (4.0, "b"), (5.5, "c"), (12.0, "d")]:
        time.call_later(seconds, lambda key=key: consumer.observe(None, item(key)))  # type: ignore[misc]
    time.run()
    assert function.batches == [(5.0, ["a", "b"]), (11.0, ["c"]), (17.0, ["d"])]


def test_changes_of_items_are_not_delivered(time: VirtualTime) -> None:
    function = Function(time)
    consumer = StreamConsumer(time, function.handle, shards=1, window_seconds=5.0)
    consumer.observe(item("a"), item("a"))
    consumer.observe(item("a"), None)
    time.run()
    assert function.batches == []


def test_batch_is_repeated_until_the_function_accepts_it(time: VirtualTime) -> None:
    function = Function(time, failures=2)
    consumer = StreamConsumer(time, function.handle, shards=1, window_seconds=0.0)
    consumer.observe(None, item("a"))
    time.run()
    assert [keys for _, keys in function.batches] == [["a"]] * 3
    assert consumer.counts[REPEATED_BATCHES] == 2
