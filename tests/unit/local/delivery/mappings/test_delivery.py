"""Delivery from a stream to a function: batches, windows, filter, retries, bisecting, discards, restart."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from local.delivery.async_queue import InvocationResult
from local.delivery.mappings.batches import MAXIMUM_BYTES
from local.delivery.mappings.delivery import MAXIMUM_STATE_BYTES, MappingDelivery, Progress
from local.delivery.mappings.settings import MappingSettings
from local.delivery.streams.records import DeliveryStoppedError, StreamRecord

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s"
SETTINGS = MappingSettings.from_description(
    {
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "EventSourceArn": STREAM,
        "DestinationConfig": {"OnFailure": {"Destination": "queue"}},
    }
)
TUMBLING = replace(SETTINGS, tumbling_window_seconds=60)
Event = dict[str, Any]
OK = InvocationResult("ok", {"state": {}, "batchItemFailures": []})
ERROR = InvocationResult("error", {"errorMessage": "no"})


def record(number: int, created: float = 600.0, **more: Any) -> StreamRecord:
    stream = {"SequenceNumber": f"{number:03d}", "ApproximateCreationDateTime": created}
    return {"number": number, "dynamodb": stream, **more}


def numbers(event: Event) -> list[int]:
    return [item["number"] for item in event["Records"]]


@dataclass
class FakeMapping:
    """A stream, a function that `respond` implements, and a clock that the test sets."""

    stream: list[StreamRecord]
    settings: MappingSettings = SETTINGS
    respond: Callable[[Event], InvocationResult] = lambda _: OK
    time: float = 600.0
    stop_at_attempt: int | None = None
    progress: Progress = field(default_factory=Progress)
    events: list[Event] = field(default_factory=list)
    discarded: list[Event] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Continue with the saved progress only."""
        position = self.progress.position or ""
        self._unread = [item for item in self.stream if item["dynamodb"]["SequenceNumber"] > position]
        self.delivery = MappingDelivery(self.settings, self, self.progress)

    def write(self, *records: StreamRecord) -> None:
        self.stream += records
        self._unread += records

    def run(self) -> float:
        """Deliver everything that is due; returns the seconds until the next delivery."""
        while (due_in := self.delivery.deliver_next()) is None:
            pass
        return due_in

    def batches(self) -> list[list[int]]:
        return [numbers(event) for event in self.events]

    def read(self, limit: int) -> list[StreamRecord]:
        records, self._unread = self._unread[:limit], self._unread[limit:]
        return records

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        return record["number"] in json.loads(pattern)

    def invoke(self, event: Event) -> InvocationResult:
        self.events.append(json.loads(json.dumps(event)))
        return self.respond(event)

    def discard(self, destination_arn: str, message: Event) -> None:
        assert destination_arn == "queue"
        self.discarded.append(message)

    def save(self, progress: Progress) -> None:
        self.progress = progress

    def now(self) -> float:
        return self.time

    def wait_before_retry(self, attempt: int) -> None:
        if attempt == self.stop_at_attempt:
            raise DeliveryStoppedError
        self.waits.append(attempt)

    def report_failure(self, reason: str) -> None:
        self.reasons.append(reason)


def failing(*bad: int) -> Callable[[Event], InvocationResult]:
    """A function that fails for every batch with one of these records."""
    return lambda event: ERROR if set(numbers(event)) & set(bad) else OK


def reporting(sequence_number: Any) -> Callable[[Event], InvocationResult]:
    """A function that reports this failed record once, and succeeds afterwards."""
    responses = [[{"itemIdentifier": sequence_number}]]
    return lambda _: InvocationResult("ok", {"batchItemFailures": responses.pop() if responses else []})


def test_records_are_delivered_in_order_at_most_a_batch_size_at_a_time() -> None:
    mapping = FakeMapping([record(n) for n in range(1, 6)], replace(SETTINGS, batch_size=2))
    assert mapping.run() == math.inf
    assert mapping.batches() == [[1, 2], [3, 4], [5]]
    assert mapping.progress.position == "005"
    assert mapping.events[0] == {"Records": [record(1), record(2)]}


def test_batch_waits_for_the_end_of_the_batching_window() -> None:
    mapping = FakeMapping([record(1)], replace(SETTINGS, batching_window_seconds=300))
    assert mapping.run() == 300
    mapping.time += 200
    mapping.write(record(2))
    assert mapping.run() == 100
    assert mapping.events == []
    mapping.time += 100
    mapping.run()
    assert mapping.batches() == [[1, 2]]


def test_full_batch_does_not_wait_for_the_batching_window() -> None:
    settings = replace(SETTINGS, batching_window_seconds=300, batch_size=2)
    mapping = FakeMapping([record(1), record(2), record(3)], settings)
    mapping.run()
    assert mapping.batches() == [[1, 2]]


def test_batch_is_limited_to_the_payload_of_an_invocation() -> None:
    size = MAXIMUM_BYTES // 2 - 1000
    records = [record(n, image="x" * size) for n in range(1, 4)]
    mapping = FakeMapping(records, replace(SETTINGS, batching_window_seconds=300))
    mapping.run()
    assert mapping.batches() == [[1, 2]]


def test_records_that_match_no_filter_are_skipped_and_do_not_fill_a_batch() -> None:
    settings = replace(SETTINGS, patterns=("[2, 5]",), batch_size=2)
    mapping = FakeMapping([record(n) for n in range(1, 8)], settings)
    mapping.run()
    assert mapping.batches() == [[2, 5]]
    assert mapping.progress.position == "007"


def test_failed_batch_is_repeated_until_it_succeeds() -> None:
    results = [ERROR, ERROR, OK]
    mapping = FakeMapping([record(1), record(2)], respond=lambda _: results.pop(0))
    mapping.run()
    assert mapping.batches() == [[1, 2]] * 3
    assert mapping.waits == [1, 2]
    assert mapping.discarded == []


def test_batch_is_discarded_after_the_configured_retries() -> None:
    mapping = FakeMapping([record(1), record(2)], replace(SETTINGS, maximum_retries=2), failing(1))
    mapping.run()
    assert len(mapping.events) == 3
    (message,) = mapping.discarded
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["requestContext"]["approximateInvokeCount"] == 3
    assert message["DDBStreamBatchInfo"]["batchSize"] == 2
    assert mapping.progress.position == "002"


def test_bisecting_isolates_the_record_that_fails() -> None:
    settings = replace(SETTINGS, maximum_retries=1, bisect=True)
    mapping = FakeMapping([record(n) for n in range(1, 5)], settings, failing(3))
    mapping.run()
    assert mapping.batches() == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert [message["DDBStreamBatchInfo"]["startSequenceNumber"] for message in mapping.discarded] == ["003"]


def test_throttled_invocation_is_neither_a_retry_nor_bisected() -> None:
    results = [InvocationResult("throttled"), InvocationResult("throttled"), OK]
    settings = replace(SETTINGS, maximum_retries=0, bisect=True)
    mapping = FakeMapping([record(1), record(2)], settings, lambda _: results.pop(0))
    mapping.run()
    assert mapping.batches() == [[1, 2]] * 3
    assert mapping.discarded == []


def test_record_that_is_too_old_is_discarded_without_an_invocation() -> None:
    settings = replace(SETTINGS, maximum_record_age_seconds=60)
    mapping = FakeMapping([record(1, created=500.0), record(2)], settings)
    mapping.run()
    assert mapping.batches() == [[2]]
    assert [message["requestContext"]["condition"] for message in mapping.discarded] == ["RecordAgeExceeded"]


def test_records_from_the_first_reported_failure_on_are_repeated() -> None:
    settings = replace(SETTINGS, reports_item_failures=True, bisect=True)
    mapping = FakeMapping([record(1), record(2), record(3)], settings, reporting("002"))
    mapping.run()
    assert mapping.batches() == [[1, 2, 3], [2, 3]]


@pytest.mark.parametrize("identifier", ["", None, "unknown"])
def test_invalid_item_failure_fails_the_whole_batch(identifier: str | None) -> None:
    settings = replace(SETTINGS, reports_item_failures=True)
    mapping = FakeMapping([record(1), record(2)], settings, reporting(identifier))
    mapping.run()
    assert mapping.batches() == [[1, 2], [1, 2]]


def test_item_failures_are_ignored_unless_the_mapping_enables_them() -> None:
    mapping = FakeMapping([record(1), record(2)], respond=reporting("002"))
    mapping.run()
    assert mapping.batches() == [[1, 2]]


def test_event_of_a_tumbling_window_has_its_shard_window_and_state() -> None:
    mapping = FakeMapping([record(1, created=605.0)], TUMBLING, time=606.0)
    mapping.run()
    (event,) = mapping.events
    del event["Records"]
    assert event == {
        "window": {"start": "1970-01-01T00:10:00Z", "end": "1970-01-01T00:11:00Z"},
        "state": {},
        "shardId": "shardId-00000000000000000000-00000000",
        "eventSourceARN": STREAM,
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }


def test_state_passes_to_the_next_batch_and_the_final_invocation_of_its_window_only() -> None:
    def count(event: Event) -> InvocationResult:
        return InvocationResult("ok", {"state": {"n": event["state"].get("n", 0) + len(event["Records"])}})

    mapping = FakeMapping([record(1), record(2)], replace(TUMBLING, batch_size=1), count)
    assert mapping.run() == 61
    mapping.write(record(3, created=660.0))
    mapping.time = 660.5
    mapping.run()
    seen = [
        (numbers(event), event["state"].get("n", 0), event["isFinalInvokeForWindow"])
        for event in mapping.events
    ]
    assert seen == [([1], 0, False), ([2], 1, False), ([], 2, True), ([3], 0, False)]


def test_final_invocation_follows_the_end_of_a_window_without_further_records() -> None:
    mapping = FakeMapping([record(1)], TUMBLING)
    mapping.run()
    mapping.time = 661.0
    assert mapping.run() == math.inf
    assert [event["isFinalInvokeForWindow"] for event in mapping.events] == [False, True]
    assert mapping.events[1]["Records"] == []
    assert mapping.progress.window is None


def test_end_of_a_tumbling_window_ends_the_batching_window() -> None:
    mapping = FakeMapping([record(1)], replace(TUMBLING, batching_window_seconds=300))
    assert mapping.run() == 61
    mapping.time = 661.0
    mapping.run()
    assert mapping.batches() == [[1], []]


def test_batch_contains_records_of_one_tumbling_window() -> None:
    mapping = FakeMapping([record(1, 659.0), record(2, 660.0)], TUMBLING, time=660.0)
    mapping.run()
    assert mapping.batches() == [[1], [], [2]]


def test_response_without_a_state_is_a_failure() -> None:
    results = [InvocationResult("ok", {"batchItemFailures": []}), InvocationResult("ok"), OK]
    mapping = FakeMapping([record(1)], TUMBLING, lambda _: results.pop(0))
    mapping.run()
    assert mapping.batches() == [[1]] * 3
    assert len(mapping.reasons) == 2


def test_final_invocation_is_repeated_until_it_succeeds() -> None:
    results = [OK, ERROR, ERROR, OK]
    settings = replace(TUMBLING, maximum_retries=0)
    mapping = FakeMapping([record(1)], settings, lambda _: results.pop(0))
    mapping.run()
    mapping.time = 661.0
    mapping.run()
    assert mapping.batches() == [[1], [], [], []]
    assert mapping.discarded == []


def test_window_with_a_large_state_ends_early_and_continues_without_the_state() -> None:
    large = {"x": "y" * MAXIMUM_STATE_BYTES}
    results = [InvocationResult("ok", {"state": large}), OK, OK]
    mapping = FakeMapping([record(1), record(2)], replace(TUMBLING, batch_size=1), lambda _: results.pop(0))
    mapping.run()
    assert [event["isWindowTerminatedEarly"] for event in mapping.events] == [False, True, False]
    assert mapping.events[1]["state"] == large
    assert mapping.events[2]["state"] == {}


def test_restart_continues_after_the_last_processed_record_with_its_window() -> None:
    def count(event: Event) -> InvocationResult:
        return InvocationResult("ok", {"state": {"n": event["state"].get("n", 0) + len(event["Records"])}})

    mapping = FakeMapping([record(1), record(2)], TUMBLING, count)
    mapping.run()
    mapping.write(record(3))
    mapping.restart()
    mapping.run()
    assert mapping.batches() == [[1, 2], [3]]
    assert mapping.events[1]["state"] == {"n": 2}


def test_batch_that_was_stopped_is_delivered_again_without_its_processed_half() -> None:
    settings = replace(SETTINGS, bisect=True)
    mapping = FakeMapping([record(1), record(2), record(3)], settings, failing(2), stop_at_attempt=3)
    with pytest.raises(DeliveryStoppedError):
        mapping.run()
    assert mapping.discarded == []
    mapping.restart()
    mapping.respond = lambda _: OK
    mapping.run()
    assert mapping.batches()[-1] == [2, 3]
